{#-
    The materialization of every table: made whole, or mended where the load touches it.

    Whole it is what dbt's own is, but for the old table: that stays under another name until the run
    ends (retire_replaced), for with it dbt would drop the live views that read it. Mended it asks the
    server for less: comments and columns are as they were when the table was last made whole, for
    a model that changed in them has another digest, and that builds it whole.
-#}
{% materialization incremental, adapter='postgres' -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- if is_built_whole() -%}
        {%- do build_whole(target, sql) -%}
    {%- else -%}
        {{ run_hooks(pre_hooks, inside_transaction=True) }}
        {%- set made = make_temp_relation(target) -%}
        {% call statement('main') -%}
            {{ write_differences(target, made, sql, kept_columns(target)) }}
        {%- endcall %}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{#- All of a table anew, and put in the place of the one there is; in one transaction. -#}
{% macro build_whole(target, sql) -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set built = target if existing is none else make_intermediate_relation(target) -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {{ get_create_table_as_sql(False, built, sql) }}
    {%- endcall %}
    {% do create_indexes(built) %}
    {%- if existing is not none -%}
        {% do adapter.rename_relation(existing, make_backup_relation(target, existing.type, replaced_suffix())) %}
        {% do adapter.rename_relation(built, target) %}
    {%- endif -%}
    {% do persist_docs(target, model) %}
{%- endmacro %}


{#- The columns of a kept table, quoted: by its contract, or else as the server says. -#}
{% macro kept_columns(target) -%}
    {%- if config.get('contract').enforced -%}
        {%- set names = model['columns'].keys() | map('tojson') | list -%}
    {%- else -%}
        {%- set names = adapter.get_columns_in_relation(target) | map(attribute='quoted') | list -%}
    {%- endif -%}
    {{ return(names) }}
{%- endmacro %}


{#-
    Drops the tables that were replaced. Views that still read them (their models were not in the run,
    or they are somebody's own) are pointed at the new ones first; one that does not fit the new columns goes,
    and comes back with its model's next run.

    At the end of a run, on one connection: two models that point one view anew at once wait for each
    other. And at the start of one, for a run that was killed leaves its replaced tables behind.
-#}
{% macro retire_replaced() -%}
    {{ return(adapter.dispatch('retire_replaced')()) }}
{%- endmacro %}

{% macro postgres__retire_replaced() -%}
    {%- set load = current_load() -%}
    {%- if execute and (load is none or load['refresh'] or not load['kept_views']) -%}
    do $retire$
    declare
        suffix constant text := '{{ replaced_suffix() }}';
        replaced regclass[] := array(
            select oid from pg_class
            where relkind = 'r' and relowner = current_user::regrole and right(relname, length(suffix)) = suffix
        );
        reader regclass;
        definition text;
        options text;
        dropped regclass;
    begin
        for reader, definition, options in
            select distinct on (rules.ev_class)
                rules.ev_class,
                pg_get_viewdef(rules.ev_class),
                -- Not said again they are lost, and with security_invoker the limit to a cohort.
                'with (' || array_to_string(views.reloptions, ', ') || ')'
            from pg_depend as links
            join pg_rewrite as rules on rules.oid = links.objid
            join pg_class as views on views.oid = rules.ev_class
            where links.classid = 'pg_rewrite'::regclass and links.refobjid = any(replaced)
        loop
            begin
                execute format(
                    'create or replace view %s %s as %s',
                    reader, options, replace(definition, suffix, '')
                );
            exception
                -- it does not fit, or is another's to change: it goes with the table
                when invalid_table_definition or undefined_column or undefined_function
                    or datatype_mismatch or wrong_object_type or insufficient_privilege then
                    null;
            end;
        end loop;
        foreach dropped in array replaced loop
            execute format('drop table %s cascade', dropped);
        end loop;
    end
    $retire$
    {%- endif -%}
{%- endmacro %}


{#- What the name of a table that was replaced ends with, until it is dropped. -#}
{% macro replaced_suffix() -%}
    {{ return('__replaced') }}
{%- endmacro %}
