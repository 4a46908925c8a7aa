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


{#-
    The median of the values that are not null: of an even number, the mean of the middle two. Both
    middles are values that occur, so the same values give the same median to the last bit, which
    an interpolation between them does not.
-#}
{% macro median(value) -%}
    {{ return(adapter.dispatch('median')(value)) }}
{%- endmacro %}

{% macro default__median(value) -%}
    (
        percentile_disc(0.5) within group (order by {{ value }})
        + percentile_disc(0.5) within group (order by {{ value }} desc)
    ) / 2
{%- endmacro %}


{#-
    The distinct texts as a JSON array, in order of their bytes: the order of a language would
    change with the server's locale.
-#}
{% macro json_array_of_distinct(value) -%}
    {{ return(adapter.dispatch('json_array_of_distinct')(value)) }}
{%- endmacro %}

{% macro postgres__json_array_of_distinct(value) -%}
    jsonb_agg(distinct {{ value }} collate "C" order by {{ value }} collate "C")
{%- endmacro %}


{#- A JSON array of nothing, as a literal. -#}
{% macro empty_json_array() -%}
    {{ return(adapter.dispatch('empty_json_array')()) }}
{%- endmacro %}

{% macro postgres__empty_json_array() -%}
    cast('[]' as jsonb)
{%- endmacro %}


{#- Whether a JSON value is an array. -#}
{% macro is_json_array(value) -%}
    {{ return(adapter.dispatch('is_json_array')(value)) }}
{%- endmacro %}

{% macro postgres__is_json_array(value) -%}
    jsonb_typeof({{ value }}) = 'array'
{%- endmacro %}


{#-
    The last value up to the current row that is not null, over a window that runs in the order of all
    metrics from its first row to the current one. Of texts.

    PostgreSQL cannot ignore nulls in last_value. So the greatest of texts that begin with their
    place in that order: 16 digits of the instant, 36 of the event. Instants are written as distances
    from 2000, whose sign comes out as a greater digit; the hours move the year 1970 behind it.
-#}
{% macro last_so_far(value, window) -%}
    {{ return(adapter.dispatch('last_so_far')(value, window)) }}
{%- endmacro %}

{% macro postgres__last_so_far(value, window) -%}
    substr(
        max(
            (
                encode(timestamptz_send(occurred_at + interval '300000 hours'), 'hex')
                || cast(event_id as text)
                || {{ value }}
            ) collate "C"
        ) over {{ window }},
        53
    )
{%- endmacro %}

{% macro default__last_so_far(value, window) -%}
    last_value({{ value }} ignore nulls) over {{ window }}
{%- endmacro %}


{#- The sum of the 64-bit hashes of uuids, as an exact number: the same in any order. -#}
{% macro sum_of_hashes(value) -%}
    {{ return(adapter.dispatch('sum_of_hashes')(value)) }}
{%- endmacro %}

{% macro postgres__sum_of_hashes(value) -%}
    sum(uuid_hash_extended({{ value }}, 0))
{%- endmacro %}
