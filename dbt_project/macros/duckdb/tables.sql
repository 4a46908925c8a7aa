{#-
    On DuckDB everything is built whole, in one transaction, from all events there are: no load is
    handed over, no log of changes kept, and so there are no live views.
-#}
{% materialization incremental, adapter='duckdb' -%}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        drop table if exists {{ target }};
        {{ get_create_table_as_sql(False, target, sql) }}
    {%- endcall %}
    {% do persist_docs(target, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{% materialization kept_view, adapter='duckdb' -%}
    {%- set target = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        create or replace view {{ target }} as {{ sql }}
    {%- endcall %}
    {% do persist_docs(target, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{% macro duckdb__begin_step() %}{% endmacro %}


{% macro duckdb__end_step() %}{% endmacro %}


{#- Nothing is replaced beside what reads it: what a run begins with is the type that contracts name. -#}
{% macro duckdb__retire_replaced() -%}
    create type if not exists jsonb as json
{%- endmacro %}
