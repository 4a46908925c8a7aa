{#- The longest gap that still counts as study, in microseconds. -#}
{% macro idle_limit_microseconds() -%}
    {{ var('idle_limit_seconds') * 1000000 }}
{%- endmacro %}
