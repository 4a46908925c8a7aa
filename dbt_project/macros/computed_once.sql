{#-
    Ends a select whose columns cost much. Without it PostgreSQL would write them out in place of each of
    their names further up, and compute them as often.
-#}
{% macro computed_once() -%}
    {{ return(adapter.dispatch('computed_once')()) }}
{%- endmacro %}

{% macro postgres__computed_once() -%}
    offset 0
{%- endmacro %}
