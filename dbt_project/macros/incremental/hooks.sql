{#- Before a model is made, in its transaction: take a step, and find the touched keys. -#}
{% macro begin_step() -%}
    {{ return(adapter.dispatch('begin_step')()) }}
{%- endmacro %}

{% macro postgres__begin_step() -%}
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
    {{ hold_attempt(load) }}
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
    -- A few keys are looked up in long tables: reading one whole is never cheaper.
    set local enable_seqscan = off;
    set local random_page_cost = 1.0;
    create temporary table {{ touched_keys() }} on commit drop as {{ select_touched_keys() }};
    analyze {{ touched_keys() }};
    {% endif %}
    {% endif %}
    {%- endif -%}
{%- endmacro %}


{#- After a model is made whole, in its transaction: what a table made anew lacks. -#}
{% macro end_step() -%}
    {{ return(adapter.dispatch('end_step')()) }}
{%- endmacro %}

{% macro postgres__end_step() -%}
    {%- if model['config']['materialized'] == 'incremental' and execute and is_built_whole() -%}
    {% for index in model['config']['meta'].get('partial_indexes', []) %}
    create index on {{ this }} {{ index }};
    {% endfor %}
    {% if is_of_learners() %}
    {{ limit_to_cohorts(this) }}
    {% endif %}
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


{#-
    Fails unless this attempt at the load is the one under way, and keeps it so until the model is
    committed: the dbt of a process that died must not write beside the load that has taken over.
-#}
{% macro hold_attempt(load) -%}
    do $attempt$
    begin
        perform from ops.loads
        where load_id = {{ load['load_id'] }} and attempts = {{ load['attempt'] }} and state = 'running'
        for share;
        if not found then
            raise 'attempt {{ load["attempt"] }} at load {{ load["load_id"] }} is not under way: another has taken it up';
        end if;
    end
    $attempt$;
{%- endmacro %}
