{% macro duckdb__json_text(object, key) -%}
    json_extract_string({{ object }}, '$.{{ key }}')
{%- endmacro %}


{% macro duckdb__json_number(object, key) -%}
    case when {{ duckdb_is_json_number(object, key) }}
        then cast({{ json_text(object, key) }} as double precision)
    end
{%- endmacro %}


{#- By a decimal: a text like 1.0 or 1e2 is no integer yet. -#}
{% macro duckdb__json_integer(object, key) -%}
    case when {{ duckdb_is_json_number(object, key) }}
        then cast({{ decimal(json_text(object, key)) }} as bigint)
    end
{%- endmacro %}


{% macro duckdb__json_boolean(object, key) -%}
    case when json_type({{ object }}, '$.{{ key }}') = 'BOOLEAN'
        then cast({{ json_text(object, key) }} as boolean)
    end
{%- endmacro %}


{#- DuckDB reads a JSON number as a double: of the decimal that was sent, 17 digits are left. -#}
{% macro duckdb__json_decimal(object, key) -%}
    case when {{ duckdb_is_json_number(object, key) }}
        then {{ decimal(json_text(object, key)) }}
    end
{%- endmacro %}


{% macro duckdb_is_json_number(object, key) -%}
    json_type({{ object }}, '$.{{ key }}') in ('BIGINT', 'UBIGINT', 'DOUBLE')
{%- endmacro %}


{#- DuckDB's own default keeps three digits after the point. -#}
{% macro duckdb__decimal(value) -%}
    cast({{ value }} as decimal(38, 18))
{%- endmacro %}
