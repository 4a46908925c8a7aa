{#- The schema is the folder's own name: what BI tools and grants know must not depend on a target. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
