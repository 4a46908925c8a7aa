{{
    config(
        unique_key=['user_id', 'topic_id', 'is_last'],
        indexes=[{'columns': ['user_id', 'topic_id', 'is_last'], 'unique': true}],
        meta={
            'key': ['user_id', 'topic_id'],
            'logged': ['user_id', 'topic_id'],
        }
    )
}}

with

attempts as (
    select
        event_id,
        user_id,
        topic_id,
        question_id,
        selected_answer,
        confidence_level,
        time_to_answer_seconds,
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
        row_number() over question_attempts as question_number,
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

-- So many answers to the question in a row were wrong and meant, up to the one before.
followed as (
    select
        *,
        question_number - 1 - coalesce(
            max(case when not is_misconceived then question_number end) over before, 0
        ) as meant_in_a_row
    from answered
    window
        before as (
            partition by user_id, topic_id, question_id
            order by attempted_at, event_id
            rows between unbounded preceding and 1 preceding
        )
),

-- By how much an attempt changes the numbers of the topic: their sums are the numbers.
changed as (
    select
        *,
        case when is_misconceived then 1 else -meant_in_a_row end as misconceived_answers_change,
        case
            when is_misconceived and meant_in_a_row = 0 then 1
            when not is_misconceived and meant_in_a_row > 0 then -1
            else 0
        end as misconceived_questions_change
    from followed
),

counted as (
    select
        event_id,
        user_id,
        topic_id,
        attempted_at as started_at,
        lead(attempted_at) over attempts_so_far as ended_at,
        row_number() over attempts_so_far as questions_attempted,
        count(case when is_correct then 1 end) over attempts_so_far as questions_correct,
        count(case when question_number = 1 then 1 end) over attempts_so_far as questions_seen,
        cast(sum(misconceived_answers_change) over attempts_so_far as bigint)
            as misconceived_answers,
        cast(sum(misconceived_questions_change) over attempts_so_far as bigint)
            as misconceived_questions,
        count(*) over last_ten as recent_attempts,
        count(case when is_correct then 1 end) over last_ten as recent_correct,
        count(
            case
                when is_correct and not (hint_used or {{ is_unsure() }} or {{ is_slow() }}) then 1
            end
        ) over last_five as recent_firm,
        count(case when is_correct and hint_used then 1 end) over last_five as recent_hinted,
        count(case when is_correct and {{ is_unsure() }} then 1 end) over last_five
            as recent_unsure,
        count(case when is_correct and {{ is_slow() }} then 1 end) over last_five as recent_slow
    from changed
    window
        attempts_so_far as (
            partition by user_id, topic_id
            order by attempted_at, event_id
            rows between unbounded preceding and current row
        ),
        last_ten as (
            partition by user_id, topic_id
            order by attempted_at, event_id
            rows between 9 preceding and current row
        ),
        last_five as (
            partition by user_id, topic_id
            order by attempted_at, event_id
            rows between 4 preceding and current row
        )
),

-- A gap opens at one bound and closes at another.
held as (
    select
        *,
        {{ is_held('misconceived_answers >= 2', 'misconceived_questions = 0') }}
            as is_misconception,
        {{ is_held(
            'questions_attempted >= 3 and recent_correct * 2 < recent_attempts',
            'recent_correct * 5 >= recent_attempts * 3'
        ) }} as is_weak,
        {{ is_held('questions_attempted >= 5 and recent_firm <= 2', 'recent_firm >= 4') }}
            as is_fragile
    from counted
    window
        attempts_so_far as (
            partition by user_id, topic_id
            order by started_at, event_id
            rows between unbounded preceding and current row
        )
),

judged as (
    select
        *,
        ended_at is null as is_last,
        {{ days_after('started_at', days_to_decay()) }} as overdue_at,
        case
            when is_misconception then 'misconception'
            when is_weak then 'weak'
            when is_fragile then 'fragile'
        end as answered_gap_type
    from held
),

gaps as (
    select
        *,
        coalesce(answered_gap_type, 'decayed') as gap_type,
        case when answered_gap_type is null then overdue_at else started_at end as detected_at,
        case when answered_gap_type is null then overdue_at end as decays_at
    from judged
    where is_last or answered_gap_type is not null or ended_at >= overdue_at
),

compared as (
    select
        *,
        lead(is_last) over gaps_so_far as is_last_but_one,
        lead(decays_at) over gaps_so_far as next_decays_at,
        min(case when not is_last then detected_at end) over gaps_so_far as first_detected_at
    from gaps
    window
        gaps_so_far as (
            partition by user_id, topic_id
            order by started_at, event_id
            rows between unbounded preceding and current row
        )
),

final as (
    select
        user_id,
        topic_id,
        is_last,
        gap_type,
        {% for name in gap_evidence() -%}
        {{ name }},
        {% endfor -%}
        started_at,
        ended_at,
        detected_at,
        first_detected_at,
        case when is_last then decays_at else next_decays_at end as decays_at
    from compared
    where is_last or is_last_but_one
)

select * from final
