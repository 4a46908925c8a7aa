{#-
    A view that is replaced in place. dbt's own drops the old one with all that reads it, and the live
    views would be gone for readers until the run comes to them, at every load.
    Only a view that has lost or changed a column is dropped; those that read it come later in the run.
-#}
{% materialization kept_view, adapter='postgres' -%}
    {%- set target = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
    do $kept_view$
    begin
        execute $view$create or replace view {{ target }} as {{ sql }}$view$;
    exception
        when invalid_table_definition or wrong_object_type then
            execute 'drop view if exists {{ target }} cascade';
            execute $view$create view {{ target }} as {{ sql }}$view$;
    end
    $kept_view$
    {%- endcall %}
    {% do persist_docs(target, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}
