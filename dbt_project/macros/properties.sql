{#-
    Typed reads of one key of a JSON object. A value of another type reads as null, as if the
    key were absent: ingestion checks types, and one row that slipped past it must not stop every mart.
-#}
{% macro json_text(object, key) -%}
    {{ return(adapter.dispatch('json_text')(object, key)) }}
{%- endmacro %}

{% macro postgres__json_text(object, key) -%}
    {{ object }} ->> '{{ key }}'
{%- endmacro %}


{% macro json_number(object, key) -%}
    {{ return(adapter.dispatch('json_number')(object, key)) }}
{%- endmacro %}

{% macro postgres__json_number(object, key) -%}
    case jsonb_typeof({{ object }} -> '{{ key }}')
        when 'number' then cast({{ object }} ->> '{{ key }}' as double precision)
    end
{%- endmacro %}


{% macro json_integer(object, key) -%}
    {{ return(adapter.dispatch('json_integer')(object, key)) }}
{%- endmacro %}

{% macro postgres__json_integer(object, key) -%}
    case jsonb_typeof({{ object }} -> '{{ key }}')
        when 'number' then cast(cast({{ object }} ->> '{{ key }}' as numeric) as bigint)
    end
{%- endmacro %}


{% macro json_boolean(object, key) -%}
    {{ return(adapter.dispatch('json_boolean')(object, key)) }}
{%- endmacro %}

{% macro postgres__json_boolean(object, key) -%}
    case jsonb_typeof({{ object }} -> '{{ key }}')
        when 'boolean' then cast({{ object }} ->> '{{ key }}' as boolean)
    end
{%- endmacro %}


{#- The very decimal that was sent: sums of decimals are the same in any order, sums of floats are not. -#}
{% macro json_decimal(object, key) -%}
    {{ return(adapter.dispatch('json_decimal')(object, key)) }}
{%- endmacro %}

{% macro postgres__json_decimal(object, key) -%}
    case jsonb_typeof({{ object }} -> '{{ key }}')
        when 'number' then cast({{ object }} ->> '{{ key }}' as numeric)
    end
{%- endmacro %}


{#- A value as a decimal that keeps its digits: what is summed or averaged of these is exact. -#}
{% macro decimal(value) -%}
    {{ return(adapter.dispatch('decimal')(value)) }}
{%- endmacro %}

{% macro postgres__decimal(value) -%}
    cast({{ value }} as numeric)
{%- endmacro %}
