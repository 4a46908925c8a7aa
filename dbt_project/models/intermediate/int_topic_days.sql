{{
    config(
        unique_key=['user_id', 'topic_id', 'local_date'],
        indexes=[
            {'columns': ['user_id', 'topic_id', 'local_date'], 'unique': true},
            {'columns': ['user_id', 'local_date']},
            {'columns': ['topic_id', 'local_date']},
            {'columns': ['user_id', 'week_start_date']},
        ],
        meta={
            'key': ['user_id', 'local_date'],
            'logged': ['user_id', 'topic_id', 'local_date', 'week_start_date'],
            'touched_by': {
                'int_events_placed': [
                    'user_id, local_date', 'user_id, ended_date as local_date'
                ]
            },
        }
    )
}}

with

events as (
    select
        user_id,
        topic_id,
        local_date,
        event_type,
        occurred_at
    from {{ touched(ref('int_events_placed')) }} as events
    where topic_id is not null and not is_gamification
),

days as (
    select
        user_id,
        local_date,
        has_overlap
    from {{ touched(ref('int_days')) }} as int_days
),

spans as (
    select
        user_id,
        topic_id,
        local_date,
        active_microseconds
    from {{ touched_spans() }} as spans
    where topic_id is not null
),

spans_again as (
    select
        user_id,
        topic_id,
        local_date,
        active_at,
        ended_at
    from {{ touched_spans() }} as spans
    where topic_id is not null and ended_at > active_at
),

named_topics as (
    select
        user_id,
        topic_id,
        local_date,
        count(*) as event_count,
        count(case when event_type = 'ai_question_asked' then 1 end) as ai_questions,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from events
    group by user_id, topic_id, local_date
),

added_topics as (
    select
        user_id,
        topic_id,
        local_date,
        cast(sum(active_microseconds) as bigint) as active_microseconds
    from spans
    group by user_id, topic_id, local_date
),

-- As in int_days: what lies before the latest end so far is covered already.
swept as (
    select
        spans_again.user_id,
        spans_again.topic_id,
        spans_again.local_date,
        spans_again.active_at,
        spans_again.ended_at,
        max(spans_again.ended_at) over (
            partition by spans_again.user_id, spans_again.topic_id, spans_again.local_date
            order by spans_again.active_at
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from spans_again
    inner join days
        on
            spans_again.user_id = days.user_id
            and spans_again.local_date = days.local_date
    where days.has_overlap
),

swept_spans as (
    select
        user_id,
        topic_id,
        local_date,
        {{ microseconds_between('greatest(active_at, covered_until)', 'ended_at') }}
            as new_microseconds
    from swept
),

swept_topics as (
    select
        user_id,
        topic_id,
        local_date,
        cast(sum(greatest(new_microseconds, 0)) as bigint) as active_microseconds
    from swept_spans
    group by user_id, topic_id, local_date
),

studied_topics as (
    select
        added_topics.user_id,
        added_topics.topic_id,
        added_topics.local_date,
        coalesce(swept_topics.active_microseconds, added_topics.active_microseconds)
            as active_microseconds
    from added_topics
    left join swept_topics
        on
            added_topics.user_id = swept_topics.user_id
            and added_topics.topic_id = swept_topics.topic_id
            and added_topics.local_date = swept_topics.local_date
    where added_topics.active_microseconds > 0
),

-- Time is spent on a topic on a later day than it is named where its span crosses midnight.
joined as (
    select
        coalesce(named_topics.user_id, studied_topics.user_id) as user_id,
        coalesce(named_topics.topic_id, studied_topics.topic_id) as topic_id,
        coalesce(named_topics.local_date, studied_topics.local_date) as local_date,
        coalesce(named_topics.event_count, 0) as event_count,
        coalesce(named_topics.ai_questions, 0) as ai_questions,
        named_topics.first_event_at,
        named_topics.last_event_at,
        coalesce(studied_topics.active_microseconds, 0) as active_microseconds
    from named_topics
    full join studied_topics
        on
            named_topics.user_id = studied_topics.user_id
            and named_topics.topic_id = studied_topics.topic_id
            and named_topics.local_date = studied_topics.local_date
),

final as (
    select
        *,
        {{ week_start('local_date') }} as week_start_date
    from joined
)

select * from final
