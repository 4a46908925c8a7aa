{#- Whether the SQL being written is that of a live view. -#}
{% macro is_live() -%}
    {{ return(model['fqn'][1] == 'live') }}
{%- endmacro %}


{#- The view that stands for a table in the live views. -#}
{% macro live_relation(relation) -%}
    {{ return(relation.incorporate(path={'schema': 'live', 'identifier': relation.identifier})) }}
{%- endmacro %}
