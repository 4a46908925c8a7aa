{#-
    A seed, loaded anew only where its file has changed: a load runs every minute, and dbt's own way
    would lock out whoever reads the table each time. Which file it is of stands in its comment.
-#}
{% materialization seed, adapter='postgres' -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set rows = load_agate_table() -%}
    {%- do store_result('agate_table', response='OK', agate_table=rows) -%}
    {%- set digest = model['checksum']['checksum'] -%}
    {%- if seed_digest(target) == digest -%}
        {% call noop_statement('main', 'KEPT') %}{% endcall %}
    {%- else -%}
        {% call statement('drop') -%}
            drop table if exists {{ target }}
        {%- endcall %}
        {%- do create_csv_table(model, rows) -%}
        {%- set insert = load_csv_rows(model, rows) -%}
        {% call noop_statement('main', 'INSERT ' ~ rows.rows | length, 'INSERT', rows.rows | length) -%}
            {{ insert }}
        {%- endcall %}
        {% call statement('remember') -%}
            comment on table {{ target }} is 'seed {{ digest }}'
        {%- endcall %}
        {% do persist_docs(target, model) %}
        {% do adapter.commit() %}
    {%- endif -%}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{#- The checksum of the file that a seed was loaded from; empty if it never was. -#}
{% macro seed_digest(target) -%}
    {%- set found = run_query(
        "select substring(obj_description(to_regclass('" ~ target ~ "'), 'pg_class') from '^seed (.*)$')"
    ) -%}
    {{ return(found.columns[0].values()[0] or '') }}
{%- endmacro %}
