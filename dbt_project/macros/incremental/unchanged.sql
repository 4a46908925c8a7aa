{#-
    What dbt does again for every table of every run, and a load has no need of: a table keeps its
    comments and its columns until it is built whole (docs/benchmarks.md has what it saves).
-#}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- if model['config']['materialized'] != 'incremental' or is_built_whole() -%}
        {{ default__persist_docs(relation, model, for_relation, for_columns) }}
    {%- endif -%}
{%- endmacro %}


{#- A model whose columns changed has another digest, and is built whole. -#}
{% macro process_schema_changes(on_schema_change, source_relation, target_relation) -%}
    {{ return({}) }}
{%- endmacro %}
