{#-
    A select of the spans that count, cut at midnight: the pieces on the date of the event that opens them, of
    `opening` events, and those on the date of the event that closes them, of `reaching` events.
    No span that counts is longer than half an hour, so it sees one midnight at most.
-#}
{% macro cut_spans(opening, reaching) -%}
    select
        event_id,
        user_id,
        session_id,
        span_topic_id as topic_id,
        local_date,
        occurred_at as started_at,
        least(active_at, midnight_at) as active_at,
        least(span_ended_at, midnight_at) as ended_at,
        case
            when midnight_at is null then paused_microseconds + active_microseconds
            else {{ microseconds_between('occurred_at', 'least(span_ended_at, midnight_at)') }}
        end as study_microseconds,
        case
            when midnight_at is null then active_microseconds
            else
                {{
                    microseconds_between(
                        'least(active_at, midnight_at)', 'least(span_ended_at, midnight_at)'
                    )
                }}
        end as active_microseconds
    from {{ opening }} as opening
    where not is_idle and occurred_at < span_ended_at
    union all
    select
        event_id,
        user_id,
        session_id,
        span_topic_id as topic_id,
        ended_date as local_date,
        midnight_at as started_at,
        greatest(active_at, midnight_at) as active_at,
        span_ended_at as ended_at,
        {{ microseconds_between('midnight_at', 'span_ended_at') }} as study_microseconds,
        {{ microseconds_between('greatest(active_at, midnight_at)', 'span_ended_at') }}
            as active_microseconds
    from {{ reaching }} as reaching
    where not is_idle and midnight_at < span_ended_at
{%- endmacro %}
