{% macro duckdb__earliest(value, condition) -%}
    first({{ value }} order by occurred_at, event_id) filter (where {{ condition }})
{%- endmacro %}


{#- Texts compare by their bytes here, whatever the locale. -#}
{% macro duckdb__json_array_of_distinct(value) -%}
    to_json(list(distinct {{ value }} order by {{ value }}))
{%- endmacro %}


{% macro duckdb__empty_json_array() -%}
    cast('[]' as json)
{%- endmacro %}


{% macro duckdb__is_json_array(value) -%}
    json_type({{ value }}) = 'ARRAY'
{%- endmacro %}


{#- Summed as 128-bit integers: it would take 2^64 rows to overflow. -#}
{% macro duckdb__sum_of_hashes(value) -%}
    sum(hash({{ value }}))
{%- endmacro %}


{% macro duckdb__json_object(columns) -%}
    json_object(
        {%- for column in columns %}
        '{{ column }}', {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
