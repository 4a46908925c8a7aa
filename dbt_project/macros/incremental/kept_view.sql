{#-
    A view that is replaced in place. dbt's own drops the old one with all that reads it, and the live
    views would be gone for readers until the run comes to them.
    Only a view that has lost or changed a column is dropped; those that read it come later in the run.
-#}
{% materialization kept_view, adapter='postgres' -%}
    {%- set target = this.incorporate(type='view') -%}
    {%- if is_kept_view() -%}
        {% call noop_statement('main', 'KEPT') %}{% endcall %}
    {%- else -%}
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
        $kept_view$;
        {{ note_view() }}
        {%- endcall %}
        {% do persist_docs(target, model) %}
        {{ run_hooks(post_hooks, inside_transaction=True) }}
        {% do adapter.commit() %}
    {%- endif -%}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{#-
    Whether the load has found this view as its definition says, on tables that it does not make anew.
    To make it again would change nothing and cost time at every load, and the plans that the
    connections of its readers keep.
-#}
{% macro is_kept_view() -%}
    {{ return(current_load() is not none and model['name'] in current_load()['kept_views']) }}
{%- endmacro %}


{#- Writes down by which definition the view was made; by hand nothing is known of that. -#}
{% macro note_view() -%}
    {%- set load = current_load() -%}
    {% if load is none %}
    delete from ops.views where view = '{{ model["name"] }}';
    {% else %}
    insert into ops.views (view, digest) values ('{{ model["name"] }}', '{{ load["digests"][model["name"]] }}')
    on conflict (view) do update set digest = excluded.digest, made_at = excluded.made_at;
    {% endif %}
{%- endmacro %}
