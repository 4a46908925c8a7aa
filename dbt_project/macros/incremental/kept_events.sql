{#-
    Events of archived months. They left the log, but what the marts were made of is kept, row for row,
    in int_events_placed: from there they are read in the shape of staging, so that a session that
    reaches out of an archived month is made of all of its events. docs/decisions/0018.

    A select that ends in a condition: callers add theirs. int_events_placed is named and not
    referred to, for the models it is made of read it, too: only rows that no model changes any more.
-#}
{% macro kept_events() -%}
    select
        {% for column in staged_names() -%}
        {% if column == 'session_id' -%}
        case when kept.names_session then kept.claim_id end as session_id
        {%- elif column == 'timezone' -%}
        kept.named_timezone as timezone
        {%- else -%}
        kept.{{ column }}
        {%- endif -%}
        {% if not loop.last %},
        {% endif %}
        {%- endfor %}
    from {{ this.incorporate(path={'schema': 'intermediate', 'identifier': 'int_events_placed'}) }} as kept
    where
        {{ is_away('kept') }}
        -- A learner who is forgotten is taken out of the archive, too; so of what is kept of it.
        and not exists (
            select 1 from ops.erased_events as erased where erased.event_id = kept.event_id
        )
{%- endmacro %}


{#- The condition that an event is only in the archive. -#}
{% macro is_away(events) -%}
    {{ return(adapter.dispatch('is_away')(events)) }}
{%- endmacro %}

{% macro default__is_away(events) -%}
    false
{%- endmacro %}

{% macro postgres__is_away(events) -%}
    -- Asked once: without an archive the rows are not looked at.
    exists (select 1 from ops.months_away)
    and exists (
        select 1 from ops.months_away as away
        where {{ events }}.event_id >= away.lower_id and {{ events }}.event_id < away.upper_id
    )
{%- endmacro %}


{#- The columns of staging that are kept: all but what only says how an event came in. -#}
{% macro staged_names() -%}
    {%- set staged = graph['nodes']['model.study_analytics.stg_study_events']['columns'].keys() -%}
    {{ return(staged | reject('in', ['schema_version', 'received_at', 'ingest_xid']) | list) }}
{%- endmacro %}

{% macro staged_columns() -%}
    {{ staged_names() | join(', ') }}
{%- endmacro %}


{#- Whether events of the log are only in the archive. No load runs while that changes. -#}
{% macro has_months_away() -%}
    {{ return(adapter.dispatch('has_months_away')()) }}
{%- endmacro %}

{% macro default__has_months_away() -%}
    {{ return(false) }}
{%- endmacro %}

{% macro postgres__has_months_away() -%}
    {#- Introspection is off where SQL is only to be looked at, with no database to ask. -#}
    {%- if not execute or not flags.INTROSPECT -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(run_query('select exists (select 1 from ops.months_away)').rows[0][0]) }}
{%- endmacro %}
