{#- The model in force: the one the installation has promoted, else the one that comes with the project. -#}
{% macro mastery_model() -%}
    {{ return(var('mastery_model', none) or mastery_defaults()) }}
{%- endmacro %}
