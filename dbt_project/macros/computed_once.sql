{#-
    Ends a select whose columns cost much. Without it PostgreSQL would write them out in place of each of
    their names further up, and compute them as often. order: that in which the rows come, where
    windows further up ask for it too; PostgreSQL would forget it here, and sort again.
-#}
{% macro computed_once(order=none) -%}
    {{ return(adapter.dispatch('computed_once')(order)) }}
{%- endmacro %}

{% macro postgres__computed_once(order) -%}
    {% if order %}order by {{ order }}{% else %}offset 0{% endif %}
{%- endmacro %}
