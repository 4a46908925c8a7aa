{#-
    The load this run is part of, as the pipeline hands it over; none where dbt is run by hand, and
    then every model is built whole from all events there are.
-#}
{% macro current_load() -%}
    {{ return(var('load', none)) }}
{%- endmacro %}


{#- What is known of the last run of this model: its step, its horizon and its as_of. -#}
{% macro last_state() -%}
    {{ return(current_load()['states'][model['name']]) }}
{%- endmacro %}


{#-
    Whether this model is made from all of its inputs, and not from the touched keys only: nothing
    is known of an earlier run, or what it was made by or from has changed.
-#}
{% macro is_built_whole() -%}
    {%- set load = current_load() -%}
    {{
        return(
            load is none
            or flags.FULL_REFRESH
            or model['name'] in load['refresh']
            or model['name'] not in load['states']
            or load_relation(this) is none
        )
    }}
{%- endmacro %}


{#-
    Only events of transactions before the horizon of the load: all of its models see the same
    events, whatever is landed meanwhile.
-#}
{% macro before_horizon(ingest_xid) -%}
    {%- set load = current_load() -%}
    {% if load is none %}true{% else %}{{ ingest_xid }} < cast('{{ load["to_xid"] }}' as xid8){% endif %}
{%- endmacro %}
