{#-
    The value at the first (last) event in the order of all metrics, among the rows that hold
    `condition`. Of columns with the names of a placed event: occurred_at, event_id.
-#}
{% macro earliest(value, condition) -%}
    {{ return(adapter.dispatch('earliest')(value, condition)) }}
{%- endmacro %}

{% macro postgres__earliest(value, condition) -%}
    (array_agg({{ value }} order by occurred_at, event_id) filter (where {{ condition }}))[1]
{%- endmacro %}


{#- How many distinct pairs of two columns there are among the rows that hold `condition`. -#}
{% macro count_distinct_pairs(a, b, condition) -%}
    {{ return(adapter.dispatch('count_distinct_pairs')(a, b, condition)) }}
{%- endmacro %}

{% macro postgres__count_distinct_pairs(a, b, condition) -%}
    count(distinct ({{ a }}, {{ b }})) filter (where {{ condition }})
{%- endmacro %}
