{#-
    For one row of `seeker`: the value of the last row of `relation` of the same learner that comes
    before it, in the order of all metrics; null if there is none. Of columns with the names of an
    event: user_id, occurred_at, event_id. As a subquery, it is only looked up for rows that ask.
-#}
{% macro last_before(seeker, value, relation) -%}
    {{ return(adapter.dispatch('last_before')(seeker, value, relation)) }}
{%- endmacro %}

{% macro postgres__last_before(seeker, value, relation) -%}
    (
        select earlier.{{ value }}
        from {{ relation }} as earlier
        where
            earlier.user_id = {{ seeker }}.user_id
            and earlier.occurred_at <= {{ seeker }}.occurred_at
            and (earlier.occurred_at, earlier.event_id) < ({{ seeker }}.occurred_at, {{ seeker }}.event_id)
        order by earlier.occurred_at desc, earlier.event_id desc
        limit 1
    )
{%- endmacro %}


{#-
    For one row of `seeker`: when the learner's next event in `relation` happened, in the order of
    all metrics. `until` is an instant by which there is one: it bounds the search.
-#}
{% macro next_occurred_at(seeker, relation, until) -%}
    {{ return(adapter.dispatch('next_occurred_at')(seeker, relation, until)) }}
{%- endmacro %}

{% macro default__next_occurred_at(seeker, relation, until) -%}
    (
        select min(later.occurred_at)
        from {{ relation }} as later
        where
            later.user_id = {{ seeker }}.user_id
            and later.occurred_at between {{ seeker }}.occurred_at and {{ seeker }}.{{ until }}
            and (later.occurred_at, later.event_id) > ({{ seeker }}.occurred_at, {{ seeker }}.event_id)
    )
{%- endmacro %}
