{#- A list of the tracking plan as SQL: ('a', 'b'). -#}
{% macro tracking_plan_list(name) -%}
    ('{{ tracking_plan_values()[name] | join("', '") }}')
{%- endmacro %}
