{#- The longest gap that still counts as study, in microseconds. -#}
{% macro idle_limit_microseconds() -%}
    (cast({{ var('idle_limit_seconds') }} as bigint) * 1000000)
{%- endmacro %}
