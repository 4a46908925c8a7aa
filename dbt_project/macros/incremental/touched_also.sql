{#- What only one model knows of its touched keys: selects of them, by name in its `touched_also`. -#}


{#- The claims of the events that are new to a model, or that a backfill takes again. -#}
{% macro new_claims() -%}
    select claim_id from ({{ new_events() }}) as new_events
{%- endmacro %}


{% macro new_sessions() -%}
    select session_id from ({{ new_events() }}) as new_events
{%- endmacro %}


{#-
    The events of the transactions since the model's last horizon, those that were erased by one of them
    included. The bounds are constants, for the
    planner would not look values of type xid8 up in the index.
-#}
{% macro new_events() -%}
    {%- set load = current_load() -%}
    {%- set told = 'claim_id, session_id, user_id, event_id, occurred_at' -%}
    {#- Events that were erased touch what they had touched when they came. -#}
    {%- for came in [ref('stg_study_events'), 'ops.erased_events'] %}
    select {{ told }} from {{ came }}
    where
        ingest_xid >= cast('{{ last_state()["to_xid"] }}' as xid8)
        and {{ before_horizon('ingest_xid') }}
    {{ "union all" if not loop.last }}
    {%- endfor -%}
    {%- if load['backfill'] -%}
    {#- A local date begins up to 14 hours before its UTC date and ends up to 12 hours after it. -#}
    {%- set on_its_dates -%}
        occurred_at >= cast('{{ load["backfill"]["from"] }}' as date) - interval '14 hours'
        and occurred_at < cast('{{ load["backfill"]["to"] }}' as date) + interval '36 hours'
    {%- endset %}
    union all
    select {{ told }} from {{ ref('stg_study_events') }}
    where {{ on_its_dates }} and ({{ before_horizon('ingest_xid') }}) is true
    {%- if has_months_away() %}
    union all
    select {{ told }} from ({{ kept_events() }}) as kept_events
    where {{ on_its_dates }}
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- A pause ends with the learner's next event, whichever session that is of. -#}
{% macro claims_of_ended_pauses() -%}
    select pauses.claim_id
    from ({{ new_events() }}) as new_events
    inner join {{ this }} as pauses
        on
            new_events.user_id = pauses.user_id
            and new_events.occurred_at between pauses.occurred_at and pauses.active_at
    where pauses.event_type = 'session_pause'
{%- endmacro %}


{#- A timezone that is named late moves the learner's later events that have no session. -#}
{% macro claims_of_moved_timezones() -%}
    select placed.claim_id
    from {{ change_log('int_timezones_named') }} as named
    inner join {{ this }} as placed
        on
            named.user_id = placed.user_id
            and named.occurred_at <= placed.occurred_at
    where named.step > {{ last_state()['step'] }} and placed.session_id is null
{%- endmacro %}


{#- Sessions without an end that are open at one of two instants and have timed out at the other. -#}
{% macro sessions_timed_otherwise() -%}
    {%- set before = "cast('" ~ last_state()['as_of'] ~ "' as timestamp with time zone)" -%}
    {%- set limit = "interval '" ~ var('idle_limit_seconds') ~ " seconds'" -%}
    select session_id
    from {{ this }}
    where
        end_reason in ('open', 'timeout')
        and last_event_at > least({{ before }}, {{ as_of() }}) - {{ limit }}
        and last_event_at <= greatest({{ before }}, {{ as_of() }}) - {{ limit }}
{%- endmacro %}


{#- The engine's timezones change with its version only: a full refresh reads them again. -#}
{% macro no_timezones() -%}
    select name from {{ this }} where false
{%- endmacro %}


{#- Learners for whom it is another date than when they were computed last. -#}
{% macro learners_on_another_date() -%}
    select user_id from {{ this }}
    where as_of_date != {{ local_date(as_of(), 'timezone') }}
{%- endmacro %}


{#- Learners who were scored for another day than the run's. -#}
{% macro learners_of_another_midnight() -%}
    select user_id from {{ this }}
    where as_of != {{ as_of_midnight() }}
{%- endmacro %}
