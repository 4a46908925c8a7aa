{#- Fits are PostgreSQL's: here the model is the one that comes with the project. -#}
{% macro duckdb__frozen_difficulties() -%}
    (
        select
            cast(null as text) as kind,
            cast(null as text) as subject,
            cast(null as double precision) as first_logit,
            cast(null as double precision) as again_logit
        where false
    )
{%- endmacro %}


{% macro duckdb__by_code_points(value) -%}
    {{ value }}
{%- endmacro %}


{#- A name is computed once here, however often it is read. -#}
{% macro duckdb__computed_once(order) %}{% endmacro %}
