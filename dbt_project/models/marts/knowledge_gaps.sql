{{
    config(
        unique_key=['user_id', 'topic_id'],
        meta={
            'key': ['user_id'],
            'logged': ['user_id', 'topic_id'],
            'touched_by': {'int_cohort_topics': []},
            'touched_also': ['learners_of_another_cohort'],
        }
    )
}}

with

met_topics as (
    select
        user_id,
        topic_id,
        mastery_score,
        mastery_low,
        mastery_high,
        first_seen_at,
        first_attempt_at
    from {{ touched(ref('topic_mastery')) }} as topics
),

cohort_topics as (
    select
        topic_id,
        studied_since
    from {{ ref('int_cohort_topics') }}
),

learners as (
    select
        user_id,
        min(first_seen_at) as first_seen_at
    from met_topics
    group by user_id
),

-- What the cohort studies is to be studied by whoever is there, met or not.
expected as (
    select
        learners.user_id,
        cohort_topics.topic_id,
        cast(0 as bigint) as questions_attempted,
        greatest(learners.first_seen_at, cohort_topics.studied_since) as expected_since,
        met_topics.user_id is null as is_unmet
    from learners
    cross join cohort_topics
    left join met_topics
        on
            learners.user_id = met_topics.user_id
            and cohort_topics.topic_id = met_topics.topic_id
),

unmet as (
    select
        user_id,
        topic_id,
        questions_attempted,
        expected_since
    from expected
    where is_unmet
),

{{ mastery_read_out('unmet') }},

-- Of every topic the stage before any attempt; without one it has no end.
topics as (
    select
        met_topics.user_id,
        met_topics.topic_id,
        met_topics.mastery_score,
        met_topics.mastery_low,
        met_topics.mastery_high,
        least(met_topics.first_seen_at, expected.expected_since) as started_at,
        met_topics.first_attempt_at as ended_at
    from met_topics
    left join expected
        on
            met_topics.user_id = expected.user_id
            and met_topics.topic_id = expected.topic_id
    union all
    select
        user_id,
        topic_id,
        mastery_score,
        mastery_low,
        mastery_high,
        expected_since as started_at,
        case when questions_attempted > 0 then expected_since end as ended_at
    from scored
),

{{ answered_stages() }},

stages as (
    select * from held
    union all
    select
        user_id,
        topic_id,
        started_at,
        ended_at,
        0 as questions_attempted,
        0 as questions_correct,
        0 as questions_seen,
        0 as misconceived_answers,
        0 as misconceived_questions,
        0 as recent_attempts,
        0 as recent_correct,
        0 as recent_firm,
        0 as recent_hinted,
        0 as recent_unsure,
        0 as recent_slow,
        false as is_misconception,
        false as is_weak,
        false as is_fragile
    from topics
),

judged as (
    select
        *,
        coalesce(ended_at, {{ as_of_midnight() }}) as lasted_until,
        case
            when questions_attempted = 0 then {{ days_after('started_at', days_to_start()) }}
            else {{ days_after('started_at', days_to_decay()) }}
        end as overdue_at,
        case
            when is_misconception then 'misconception'
            when is_weak then 'weak'
            when is_fragile then 'fragile'
        end as answered_gap_type
    from stages
),

gaps as (
    select
        *,
        case
            when answered_gap_type is not null then answered_gap_type
            when questions_attempted = 0 then 'unseen'
            else 'decayed'
        end as gap_type,
        case when answered_gap_type is not null then started_at else overdue_at end as detected_at,
        case
            when ended_at is null and answered_gap_type is null and questions_attempted > 0
                then {{ whole_days_between('started_at', 'lasted_until') }}
        end as days_since_last_attempt
    from judged
    where answered_gap_type is not null or lasted_until >= overdue_at
),

ordered_gaps as (
    select
        *,
        row_number() over (
            partition by user_id, topic_id
            order by questions_attempted desc
        ) as gap_number,
        min(detected_at) over (partition by user_id, topic_id) as first_detected_at
    from gaps
),

last_gaps as (
    select
        ordered_gaps.*,
        topics.mastery_score,
        coalesce(exam_topics.exam_weight, {{ default_exam_weight() }}) as exam_weight,
        {{ certainty_of_gap() }} as certainty
    from ordered_gaps
    inner join topics
        on
            ordered_gaps.user_id = topics.user_id
            and ordered_gaps.topic_id = topics.topic_id
    left join {{ ref('topics') }} as exam_topics
        on ordered_gaps.topic_id = exam_topics.topic_id
    where ordered_gaps.gap_number = 1
),

weighed as (
    select
        *,
        case
            when ended_at is not null then 0
            when gap_type = 'misconception'
                then greatest(
                    1 - mastery_score,
                    cast(misconceived_questions as double precision) / (questions_seen + 1)
                )
            when gap_type = 'fragile'
                then greatest(1 - mastery_score, 1 - cast(recent_firm as double precision) / 5)
            else 1 - mastery_score
        end * certainty * exam_weight as severity
    from last_gaps
),

ranked as (
    select
        *,
        case
            when ended_at is null
                then row_number() over (
                    partition by user_id, ended_at is null
                    order by severity desc, {{ by_code_points('topic_id') }}
                )
        end as gap_rank
    from weighed
),

-- Of the open gaps in what has to come before a topic, the one that weighs most.
needed as (
    select
        ranked.user_id,
        ranked.topic_id,
        needed_topics.topic_id as study_first,
        row_number() over (
            partition by ranked.user_id, ranked.topic_id
            order by needed_topics.gap_rank
        ) as place
    from ranked
    inner join {{ ref('topic_prerequisites') }} as prerequisites
        on ranked.topic_id = prerequisites.topic_id
    inner join ranked as needed_topics
        on
            ranked.user_id = needed_topics.user_id
            and prerequisites.prerequisite_id = needed_topics.topic_id
    where ranked.ended_at is null and needed_topics.ended_at is null
),

final as (
    select
        ranked.user_id,
        ranked.topic_id,
        ranked.gap_type,
        case ranked.gap_type
            when 'misconception' then 'contrast_answers'
            when 'weak' then 'study_again'
            when 'fragile' then 'practise_without_hints'
            when 'decayed' then 'review'
            when 'unseen' then 'answer_first_questions'
        end as recommended_action,
        {{ recommendation_in_words() }} as recommendation,
        needed.study_first,
        case when ranked.ended_at is null then 'open' else 'resolved' end as status,
        ranked.severity,
        ranked.gap_rank,
        ranked.exam_weight,
        ranked.mastery_score,
        {{ json_object([
            'questions_attempted',
            'questions_correct',
            'questions_seen',
            'recent_attempts',
            'recent_correct',
            'recent_firm',
            'recent_hinted',
            'recent_unsure',
            'recent_slow',
            'misconceived_answers',
            'misconceived_questions',
            'days_since_last_attempt',
        ]) }} as evidence,
        ranked.first_detected_at,
        ranked.ended_at as resolved_at
    from ranked
    left join needed
        on
            ranked.user_id = needed.user_id
            and ranked.topic_id = needed.topic_id
            and needed.place = 1
)

select * from final
