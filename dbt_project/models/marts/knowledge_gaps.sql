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

{{ known_states() }},

learners as (
    select
        user_id,
        min(first_seen_at) as first_seen_at
    from met_topics
    group by user_id
),

studied as (
    select
        cohort_topics.topic_id,
        cohort_topics.studied_since,
        coalesce(
            topic_difficulties.first_logit, overall.first_logit, {{ default_first_logit() }}
        ) as reference_logit
    from {{ ref('int_cohort_topics') }} as cohort_topics
    left join difficulties as topic_difficulties
        on
            topic_difficulties.kind = 'topic'
            and cohort_topics.topic_id = topic_difficulties.subject
    left join difficulties as overall
        on overall.kind = 'all'
),

-- What the cohort studies is to be studied by whoever is there, met or not.
expected as (
    select
        learners.user_id,
        studied.topic_id,
        studied.reference_logit,
        greatest(learners.first_seen_at, studied.studied_since) as expected_since,
        {{ state_columns('learner', 'learner_states') }}
    from learners
    cross join studied
    left join learner_states on learners.user_id = learner_states.user_id
),

joined as (
    select
        coalesce(met_topics.user_id, expected.user_id) as user_id,
        coalesce(met_topics.topic_id, expected.topic_id) as topic_id,
        least(met_topics.first_seen_at, expected.expected_since) as expected_since,
        met_topics.first_attempt_at,
        met_topics.mastery_score as met_score,
        met_topics.mastery_low as met_low,
        met_topics.mastery_high as met_high,
        expected.reference_logit,
        {{ state_columns('learner', 'expected') }},
        {{ days_of(as_of_midnight()) }} as at_days
    from met_topics
    full outer join expected
        on
            met_topics.user_id = expected.user_id
            and met_topics.topic_id = expected.topic_id
),

{{ mastery_read_out('0', of=['learner']) }},

topics as (
    select
        user_id,
        topic_id,
        first_attempt_at,
        coalesce(met_score, mastery_score) as mastery_score,
        coalesce(met_low, mastery_low) as mastery_low,
        coalesce(met_high, mastery_high) as mastery_high,
        {{ days_after('expected_since', days_to_start()) }} as unseen_at
    from scored
),

-- Of the two stages that a topic has, the last one if it is a gap by now.
stages as (
    select * from {{ touched(ref('int_topic_stages')) }} as int_topic_stages
    where is_last = coalesce(decays_at <= {{ as_of_midnight() }}, true)
),

-- Of every topic the stage before any attempt; without one it has no end.
begun as (
    select
        *,
        unseen_at <= coalesce(first_attempt_at, {{ as_of_midnight() }}) as is_unseen
    from topics
),

gaps as (
    select
        begun.user_id,
        begun.topic_id,
        begun.mastery_score,
        begun.mastery_low,
        begun.mastery_high,
        stages.started_at,
        stages.decays_at,
        {% for name in gap_evidence() -%}
        coalesce(stages.{{ name }}, 0) as {{ name }},
        {% endfor -%}
        coalesce(stages.gap_type, 'unseen') as gap_type,
        case
            when stages.user_id is null then begun.first_attempt_at else stages.ended_at
        end as ended_at,
        least(
            case when begun.is_unseen then begun.unseen_at end,
            stages.first_detected_at,
            stages.detected_at
        ) as first_detected_at
    from begun
    left join stages
        on
            begun.user_id = stages.user_id
            and begun.topic_id = stages.topic_id
    where stages.user_id is not null or begun.is_unseen
),

described as (
    select
        gaps.*,
        gaps.ended_at is null as is_open,
        case
            when gaps.ended_at is null and gaps.gap_type = 'decayed'
                then {{ whole_days_between('gaps.started_at', as_of_midnight()) }}
        end as days_since_last_attempt,
        coalesce(exam_topics.exam_weight, {{ default_exam_weight() }}) as exam_weight,
        {{ certainty_of_gap() }} as certainty
    from gaps
    left join {{ ref('topics') }} as exam_topics
        on gaps.topic_id = exam_topics.topic_id
),

weighed as (
    select
        *,
        case
            when not is_open then 0
            when gap_type = 'misconception'
                then greatest(
                    1 - mastery_score,
                    cast(misconceived_questions as double precision) / (questions_seen + 1)
                )
            when gap_type = 'fragile'
                then greatest(1 - mastery_score, 1 - cast(recent_firm as double precision) / 5)
            else 1 - mastery_score
        end * certainty * exam_weight as severity
    from described
),

ranked as (
    select
        *,
        case
            when is_open
                then row_number() over (
                    partition by user_id, is_open
                    order by severity desc, {{ by_code_points('topic_id') }}
                )
        end as gap_rank
    from weighed
),

open_gaps as (
    select
        user_id,
        topic_id,
        gap_rank
    from ranked
    where is_open
),

-- Of the open gaps in what has to come before a topic, the one that weighs most.
needed as (
    select
        open_gaps.user_id,
        prerequisites.topic_id,
        min(open_gaps.gap_rank) as gap_rank
    from open_gaps
    inner join {{ ref('topic_prerequisites') }} as prerequisites
        on open_gaps.topic_id = prerequisites.prerequisite_id
    group by open_gaps.user_id, prerequisites.topic_id
),

advised as (
    select
        ranked.*,
        needed_gaps.topic_id as study_first
    from ranked
    left join needed
        on
            ranked.is_open
            and ranked.user_id = needed.user_id
            and ranked.topic_id = needed.topic_id
    left join open_gaps as needed_gaps
        on
            needed.user_id = needed_gaps.user_id
            and needed.gap_rank = needed_gaps.gap_rank
),

final as (
    select
        user_id,
        topic_id,
        gap_type,
        case gap_type
            when 'misconception' then 'contrast_answers'
            when 'weak' then 'study_again'
            when 'fragile' then 'practise_without_hints'
            when 'decayed' then 'review'
            when 'unseen' then 'answer_first_questions'
        end as recommended_action,
        {{ recommendation_in_words() }} as recommendation,
        study_first,
        case when is_open then 'open' else 'resolved' end as status,
        severity,
        gap_rank,
        exam_weight,
        mastery_score,
        case
            when gap_type = 'unseen' then {{ evidence_of_nothing() }}
            else {{ json_object(gap_evidence() + ['days_since_last_attempt']) }}
        end as evidence,
        first_detected_at,
        ended_at as resolved_at
    from advised
)

select * from final
