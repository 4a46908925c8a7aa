{#- Before a model is made, in its transaction: take a step, and find the touched keys. -#}
{% macro begin_step() -%}
    {%- if model['config']['materialized'] == 'incremental' and execute -%}
    {%- set load = current_load() -%}
    set local work_mem = '{{ var("work_mem") }}';
    {% if is_built_whole() %}
    -- Whole tables are joined by hash: to sort both of them first costs more.
    set local enable_mergejoin = off;
    {% endif %}
    {% if load is none %}
    delete from ops.model_states where model = '{{ model["name"] }}';
    {% else %}
    insert into ops.model_states as states (model, step, load_id, to_xid, as_of, digest)
    values (
        '{{ model["name"] }}',
        nextval('ops.steps'),
        {{ load['load_id'] }},
        '{{ load["to_xid"] }}',
        {{ as_of() }},
        '{{ load["digests"][model["name"]] }}'
    )
    on conflict (model) do update set
        step = excluded.step,
        load_id = excluded.load_id,
        to_xid = excluded.to_xid,
        as_of = excluded.as_of,
        digest = excluded.digest,
        applied_at = excluded.applied_at;
    {% if not is_built_whole() %}
    -- A few keys are looked up in long tables, all in memory: reading one whole is never cheaper.
    set local random_page_cost = 1.0;
    create temporary table {{ touched_keys() }} on commit drop as {{ select_touched_keys() }};
    analyze {{ touched_keys() }};
    {% endif %}
    {% endif %}
    {%- endif -%}
{%- endmacro %}


{#- After a model is made whole, in its transaction: what a table made anew lacks. -#}
{% macro end_step() -%}
    {%- if model['config']['materialized'] == 'incremental' and execute and is_built_whole() -%}
    {% for index in model['config']['meta'].get('partial_indexes', []) %}
    create index on {{ this }} {{ index }};
    {% endfor %}
    -- Nothing else gathers statistics between two models of one run, and without them the planner
    -- guesses row counts and picks joins that take minutes.
    analyze {{ this }};
    drop table if exists {{ change_log(model['name']) }};
    create table {{ change_log(model['name']) }} as
    select cast(0 as bigint) as step, {{ logged_columns('built') }} from {{ this }} as built limit 0;
    {% if current_load() is not none %}
    update ops.model_states set rows_removed = null, rows_added = (select count(*) from {{ this }})
    where model = '{{ model["name"] }}';
    {% endif %}
    {%- endif -%}
{%- endmacro %}
