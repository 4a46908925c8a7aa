{{
    config(
        unique_key=['user_id', 'topic_id'],
        meta={
            'key': ['user_id', 'topic_id'],
            'logged': ['user_id', 'topic_id'],
        }
    )
}}

with

topics as (
    select
        user_id,
        topic_id,
        mastery_score
    from {{ touched(ref('topic_mastery')) }} as topics
),

-- Of every topic the stage before any attempt; without one it has no end.
first_stages as (
    select
        user_id,
        topic_id,
        first_seen_at as started_at,
        first_attempt_at as ended_at
    from {{ touched(ref('topic_mastery')) }} as topics
),

attempts as (
    select
        event_id,
        user_id,
        topic_id,
        question_id,
        selected_answer,
        confidence_level,
        is_correct,
        hint_used,
        attempted_at
    from {{ touched(ref('question_attempts')) }} as attempts
    where topic_id is not null
),

-- 4 and 5 of 5 are sure. The same wrong answer twice in a row is meant, too.
answered as (
    select
        *,
        lag(event_id) over question_attempts is null as is_first_of_question,
        coalesce(
            not is_correct
            and (
                confidence_level >= 4
                or (
                    selected_answer = lag(selected_answer) over question_attempts
                    and not lag(is_correct) over question_attempts
                )
            ),
            false
        ) as is_misconceived
    from attempts
    window
        question_attempts as (
            partition by user_id, topic_id, question_id
            order by attempted_at, event_id
        )
),

-- By how much an attempt changes the number of questions misconceived: their sum is that number.
changed as (
    select
        *,
        case when is_misconceived then 1 else 0 end
        - case when lag(is_misconceived) over question_attempts then 1 else 0 end
            as misconceived_change
    from answered
    window
        question_attempts as (
            partition by user_id, topic_id, question_id
            order by attempted_at, event_id
        )
),

attempted_stages as (
    select
        user_id,
        topic_id,
        attempted_at as started_at,
        lead(attempted_at) over attempts_so_far as ended_at,
        row_number() over attempts_so_far as questions_attempted,
        count(case when is_correct then 1 end) over attempts_so_far as questions_correct,
        count(case when is_first_of_question then 1 end) over attempts_so_far as questions_seen,
        cast(sum(misconceived_change) over attempts_so_far as bigint) as misconceived_questions,
        count(case when is_correct and not hint_used then 1 end) over last_attempts
            as recent_correct_unaided
    from changed
    window
        attempts_so_far as (
            partition by user_id, topic_id
            order by attempted_at, event_id
            rows between unbounded preceding and current row
        ),
        last_attempts as (
            partition by user_id, topic_id
            order by attempted_at, event_id
            rows between 4 preceding and current row
        )
),

stages as (
    select
        user_id,
        topic_id,
        started_at,
        ended_at,
        questions_attempted,
        questions_correct,
        questions_seen,
        misconceived_questions,
        recent_correct_unaided
    from attempted_stages
    union all
    select
        user_id,
        topic_id,
        started_at,
        ended_at,
        0 as questions_attempted,
        0 as questions_correct,
        0 as questions_seen,
        0 as misconceived_questions,
        0 as recent_correct_unaided
    from first_stages
),

judged as (
    select
        *,
        least(questions_attempted, 5) as recent_attempts,
        coalesce(ended_at, {{ as_of_midnight() }}) as lasted_until,
        case
            when questions_attempted = 0 then {{ days_after('started_at', 7) }}
            else {{ days_after('started_at', 30) }}
        end as overdue_at,
        case
            when misconceived_questions > 0 then 'misconception'
            when questions_attempted >= 3 and questions_correct * 2 < questions_attempted
                then 'weak'
            when questions_attempted >= 5 and recent_correct_unaided <= 2 then 'fragile'
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
        topics.mastery_score
    from ordered_gaps
    inner join topics
        on
            ordered_gaps.user_id = topics.user_id
            and ordered_gaps.topic_id = topics.topic_id
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
                then greatest(
                    1 - mastery_score,
                    1 - cast(recent_correct_unaided as double precision) / recent_attempts
                )
            else 1 - mastery_score
        end as severity,
        {{ json_object([
            'questions_attempted',
            'questions_correct',
            'questions_seen',
            'recent_attempts',
            'recent_correct_unaided',
            'misconceived_questions',
            'days_since_last_attempt',
        ]) }} as evidence
    from last_gaps
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
        case when ended_at is null then 'open' else 'resolved' end as status,
        severity,
        mastery_score,
        evidence,
        first_detected_at,
        ended_at as resolved_at
    from weighed
)

select * from final
