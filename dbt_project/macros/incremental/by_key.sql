{#-
    The new rows of the touched keys are compared with the stored ones; only
    what differs is deleted, inserted and logged. dbt's own delete+insert deletes the keys that come
    back among the new rows, so that a row whose key has vanished would stay for ever.
-#}
{% macro write_differences(target, made, sql, columns) -%}
    {%- set stored = 'stored__' ~ model['name'] -%}
    create temporary table {{ made }} on commit drop as ({{ sql }});
    create temporary table {{ stored }} on commit drop as
    select source.ctid as row_id, source.*
    from {{ target }} as source
    inner join {{ touched_keys() }} as touched on {{ matches('source', 'touched') }};
    -- Only by the key are they joined: to gather statistics of all columns can cost more than all the rest.
    analyze {{ stored }} ({{ config.get('unique_key') | join(', ') }});
    analyze {{ made }} ({{ config.get('unique_key') | join(', ') }});

    with removed as (
        delete from {{ target }} as target
        using (
            select stored.row_id
            from {{ stored }} as stored
            left join {{ made }} as made on {{ is_same_row('stored', 'made') }}
            where {{ differs('stored', 'made', columns) }}
        ) as gone
        where target.ctid = gone.row_id
        returning {{ logged_columns('target') }}
    ),

    logged as (
        insert into {{ change_log(model['name']) }}
        select distinct {{ this_step() }}, {{ logged_columns('changed') }}
        from {{ stored ~ ' as changed' if is_backfill() else 'removed as changed' }}
    )

    update ops.model_states set rows_removed = (select count(*) from removed)
    where model = '{{ model["name"] }}';

    with added as (
        insert into {{ target }} ({{ columns | join(', ') }})
        select {% for column in columns %}made.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
        from {{ made }} as made
        left join {{ stored }} as stored on {{ is_same_row('stored', 'made') }}
        where {{ differs('made', 'stored', columns) }}
        returning {{ logged_columns() }}
    ),

    logged as (
        insert into {{ change_log(model['name']) }}
        select distinct {{ this_step() }}, {{ logged_columns('changed') }}
        from {{ made ~ ' as changed' if is_backfill() else 'added as changed' }}
    )

    update ops.model_states set rows_added = (select count(*) from added)
    where model = '{{ model["name"] }}';
{%- endmacro %}


{#- In a backfill every recomputed key goes on, so that a row spoilt further down is mended too. -#}
{% macro is_backfill() -%}
    {{ return(current_load() is not none and current_load()['kind'] == 'backfill') }}
{%- endmacro %}


{% macro is_same_row(a, b) -%}
    {%- for column in config.get('unique_key') -%}
        {{ a }}.{{ column }} = {{ b }}.{{ column }}{% if not loop.last %} and {% endif %}
    {%- endfor -%}
{%- endmacro %}


{% macro differs(a, b, columns) -%}
    row({% for column in columns %}{{ a }}.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %})
    is distinct from
    row({% for column in columns %}{{ b }}.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %})
{%- endmacro %}


{% macro logged_columns(relation=none) -%}
    {%- for column in model['config']['meta']['logged'] -%}
        {% if relation %}{{ relation }}.{% endif %}{{ column }}{% if not loop.last %}, {% endif %}
    {%- endfor -%}
{%- endmacro %}


{% macro this_step() -%}
    (select step from ops.model_states where model = '{{ model["name"] }}')
{%- endmacro %}
