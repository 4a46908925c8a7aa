{#- A JSON object of columns, each under its own name; a null value stays as null. -#}
{% macro json_object(columns) -%}
    {{ return(adapter.dispatch('json_object')(columns)) }}
{%- endmacro %}

{% macro postgres__json_object(columns) -%}
    jsonb_build_object(
        {%- for column in columns %}
        '{{ column }}', {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
