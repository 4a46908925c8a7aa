{#-
    Live views: what the next load will store, by the SQL of the models themselves.

    The SQL of each model between the log and the mart is written once more, as one CTE after the other, over
    the events of a single learner. It stands in a function of the learner, so that every step is
    computed once and for this learner only, and its plan is kept. The view takes the stored rows
    of learners nothing has happened to since, and calls the function for the others.
-#}
{% macro fresh_rows(mart, through, beside=[]) -%}
    {%- for name in [mart, 'live_learners', 'int_timezones_known'] + through + beside -%}
        {%- do ref(name) -%}
    {%- endfor -%}
    {%- if execute and is_kept_view() -%}
    -- kept as it stands
    {%- else -%}
    with

    learner_events as materialized (
        {% if execute -%}
        select {{ staged_columns() }} from {{ ref('stg_study_events') }}
        where user_id = learner_id
        union all
        {{ kept_events() }} and kept.user_id = learner_id
        {%- endif %}
    ),

    {% for name in through -%}
    fresh_{{ name }} as (
        {% if name == 'int_session_learners' -%}
            {{ fresh_session_learners() }}
        {%- elif execute -%}
            {{ render(graph['nodes']['model.study_analytics.' ~ name]['raw_code']) }}
        {%- endif %}
    ),

    {% endfor -%}
    fresh as (
        {% if execute -%}
            {{ render(graph['nodes']['model.study_analytics.' ~ mart]['raw_code']) }}
        {%- endif %}
    )

    select
        {% if execute -%}
        {%- for column in graph['nodes']['model.study_analytics.' ~ mart]['columns'] -%}
        fresh.{{ column }}{% if not loop.last %}, {% endif %}
        {%- endfor -%}
        {%- endif %}
    from fresh
    {%- endif -%}
{%- endmacro %}


{#-
    The one model with an SQL of its own here: whose a session is depends on all of its learners, so this
    asks the log, session by session, whether another learner was there before.
-#}
{% macro fresh_session_learners() -%}
    select
        learners.session_id,
        learners.user_id,
        coalesce(
            (
                select {{ earliest('timezone', 'timezone is not null') }}
                from fresh_int_timezones_named as timezones
                where learners.session_id = timezones.session_id
            ),
            'UTC'
        ) as timezone,
        not exists (
            select 1
            from {{ ref('stg_study_events') }} as others
            where
                learners.session_id = others.claim_id
                and learners.session_id = others.session_id
                and learners.user_id != others.user_id
                and others.occurred_at <= learners.first_occurred_at
                and (others.occurred_at, others.event_id)
                < (learners.first_occurred_at, learners.first_event_id)
        )
        and not exists (
            select 1 from ({{ kept_events() if execute else 'select 1' }}) as others
            where
                learners.session_id = others.claim_id
                and learners.session_id = others.session_id
                and learners.user_id != others.user_id
                and (others.occurred_at, others.event_id)
                < (learners.first_occurred_at, learners.first_event_id)
        ) as is_owner
    from (
        select
            session_id,
            user_id,
            min(occurred_at) as first_occurred_at,
            {{ earliest('event_id', 'event_id is not null') }} as first_event_id
        from learner_events
        where session_id is not null
        group by session_id, user_id
    ) as learners
{%- endmacro %}


{#- Whether the SQL being written is that of a live view. -#}
{% macro is_live() -%}
    {{ return(model['fqn'][1] == 'live') }}
{%- endmacro %}


{#- The first transaction that some model has not loaded yet: the log's tail begins with it. -#}
{% macro live_watermark() -%}
    (
        select coalesce(
            (select states.to_xid from ops.model_states as states order by states.to_xid limit 1),
            cast('0' as xid8)
        )
    )
{%- endmacro %}


{#- The midnight a model was last loaded as of; null where a run by hand has left no word of it. -#}
{% macro loaded_midnight(name) -%}
    (
        select {{ midnight_before('states.as_of') }}
        from ops.model_states as states
        where states.model = '{{ name }}'
    )
{%- endmacro %}


{% materialization live_view, adapter='postgres' -%}
    {%- set target = this.incorporate(type='view') -%}
    {%- if is_kept_view() -%}
        {% call noop_statement('main', 'KEPT') %}{% endcall %}
    {%- else -%}
        {{ run_hooks(pre_hooks, inside_transaction=True) }}
        {% call statement('main') -%}
            {{ create_live_view(target, model['config']['meta']['mart']) }}
            {{ note_view() }}
        {%- endcall %}
        {% do persist_docs(target, model) %}
        {{ run_hooks(post_hooks, inside_transaction=True) }}
        {% do adapter.commit() %}
    {%- endif -%}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{% macro create_live_view(target, mart) -%}
    {%- set columns = graph['nodes']['model.study_analytics.' ~ mart]['columns'] -%}
    {%- set names = columns.keys() | list -%}
    {%- set function = 'intermediate.fresh_' ~ mart -%}
    {%- set learners = ref('live_learners') -%}
    drop view if exists {{ target }};
    drop function if exists {{ function }}(uuid);
    -- As its owner, for BI may not read the log; it shows no more than the view does.
    create function {{ function }}(learner_id uuid)
    returns table ({% for column in columns.values() %}"{{ column['name'] }}" {{ column['data_type'] }}{% if not loop.last %}, {% endif %}{% endfor %})
    language plpgsql stable security definer rows 100
    set search_path = pg_catalog
    set plan_cache_mode = force_generic_plan
    as $function$
    #variable_conflict use_column
    begin
        return query {{ sql }};
    end
    $function$;
    -- With the reader's own rights on the stored rows, so that they are limited to a cohort, too.
    create view {{ target }} with (security_invoker = true) as
    select {% for name in names %}stored."{{ name }}"{% if not loop.last %}, {% endif %}{% endfor %}
    from {{ ref(mart) }} as stored
    where not exists (select 1 from {{ learners }} as touched where stored.user_id = touched.user_id)
    union all
    select {% for name in names %}{{ 'touched' if name == 'user_id' else 'fresh' }}."{{ name }}"{% if not loop.last %}, {% endif %}{% endfor %}
    from {{ learners }} as touched
    cross join lateral {{ function }}(touched.user_id) as fresh;
{%- endmacro %}
