{{
    config(
        unique_key=['event_id'],
        indexes=[
            {'columns': ['claim_id']},
            {'columns': ['user_id', 'local_date']},
        ],
        meta={
            'key': ['claim_id'],
            'logged': [
                'claim_id', 'user_id', 'session_id', 'question_id', 'local_date', 'ended_date'
            ],
            'touched_by': {
                'int_session_learners': ['session_id as claim_id'],
                'int_timezones_named': [],
            },
            'touched_also': ['new_claims', 'claims_of_ended_pauses', 'claims_of_moved_timezones'],
            'partial_indexes': [
                '(user_id, question_id) where question_id is not null',
                '(user_id, ended_date) where midnight_at is not null',
                "(user_id, occurred_at) where event_type = 'session_pause'",
                '(user_id, occurred_at) where session_id is null',
                '(user_id) where achievement_id is not null',
            ],
        }
    )
}}

with

events as (
    select * from {{ logged_events(ref('stg_study_events')) }} as events
),

owners as (
    select
        session_id,
        user_id,
        timezone
    from {{ touched(ref('int_session_learners'), {'claim_id': 'session_id'}) }} as learners
    where is_owner
),

located as (
    select
        events.*,
        owners.session_id as owned_session_id,
        events.timezone as named_timezone,
        events.session_id is not null as names_session,
        case
            when owners.session_id is not null then owners.timezone
            else
                coalesce(
                    {{ last_before('events', 'timezone', input(ref('int_timezones_named'))) }},
                    'UTC'
                )
        end as located_in,
        events.event_type in {{ tracking_plan_list('gamification_event_type') }} as is_gamification
    from events
    left join owners
        on
            events.session_id = owners.session_id
            and events.user_id = owners.user_id
),

placed as (
    select
        *,
        {{ local_date('occurred_at', 'located_in') }} as local_date,
        -- What the app awards a learner for is no change of what the learner studies.
        case when not is_gamification then topic_id end as named_topic_id
    from located
),

-- A span opens with an event and closes with the next one of the same session.
opened as (
    select
        *,
        lead(occurred_at) over session_events as next_occurred_at,
        lead(local_date) over session_events as next_local_date,
        count(case when event_type = 'session_end' then 1 end) over session_events as ends_so_far,
        {{ last_so_far('named_topic_id', 'session_events') }} as span_topic_id
    from placed
    window
        session_events as (
            partition by user_id, owned_session_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        )
),

closed as (
    select
        *,
        coalesce(next_occurred_at, occurred_at) as span_ended_at,
        coalesce(next_local_date, local_date) as ended_date,
        -- The last event of a session opens nothing, not even a pause.
        case
            when
                event_type = 'session_pause'
                and owned_session_id is not null
                and next_occurred_at is not null
                then
                    {{
                        next_occurred_at(
                            'opened',
                            logged_events(
                                ref('stg_study_events'), all=true, after='opened.occurred_at'
                            ),
                            'next_occurred_at'
                        )
                    }}
            else occurred_at
        end as active_at
    from opened
),

measured as (
    select
        *,
        {{ microseconds_between('occurred_at', 'span_ended_at') }} as span_microseconds,
        case
            when active_at = occurred_at then 0
            else {{ microseconds_between('occurred_at', 'active_at') }}
        end as paused_microseconds
    from closed
),

final as (
    select
        event_id,
        claim_id,
        user_id,
        owned_session_id as session_id,
        material_id,
        question_id,
        topic_id,
        event_type,
        located_in as timezone,
        named_timezone,
        device_type,
        material_type,
        chunk,
        selected_answer,
        correct_answer,
        achievement_id,
        reading_seconds,
        scroll_depth_percent,
        difficulty,
        time_to_answer_seconds,
        confidence_level,
        reported_attempt_number,
        reported_duration_seconds,
        reported_active_seconds,
        xp_amount,
        reported_total_xp,
        new_level,
        names_session,
        is_gamification,
        left(event_type, 9) = 'material_' as is_material,
        is_correct,
        is_hint_reported,
        reported_is_first_attempt,
        occurred_at,
        local_date,
        case when owned_session_id is not null then span_topic_id end as span_topic_id,
        case when owned_session_id is not null then active_at end as active_at,
        case when owned_session_id is not null then span_ended_at end as span_ended_at,
        case when owned_session_id is not null then ended_date end as ended_date,
        -- Where the clock went back over midnight, the later date may have begun before the span.
        case
            when owned_session_id is not null and ended_date > local_date
                then greatest(occurred_at, {{ local_midnight('ended_date', 'located_in') }})
        end as midnight_at,
        case
            when owned_session_id is not null
                then ends_so_far > case when event_type = 'session_end' then 1 else 0 end
        end as is_after_end,
        case
            when owned_session_id is not null
                then span_microseconds > {{ idle_limit_microseconds() }}
        end as is_idle,
        case when owned_session_id is not null then paused_microseconds end as paused_microseconds,
        case
            when owned_session_id is null then null
            when span_microseconds > {{ idle_limit_microseconds() }} then 0
            else span_microseconds - paused_microseconds
        end as active_microseconds
    from measured
)

select * from final
