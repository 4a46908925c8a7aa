{#-
    The load this run is part of, as the pipeline hands it over; none where dbt is run by hand, and
    then every model is built whole from all events there are.
-#}
{% macro current_load() -%}
    {{ return(var_of_run('load')) }}
{%- endmacro %}


{#-
    A variable of the command line or, in running, of the environment, where the pipeline puts those
    that differ from run to run: dbt parses the whole project anew, for seconds, wherever its command
    line has changed, or a variable of the environment that was read in parsing.
-#}
{% macro var_of_run(name) -%}
    {%- set given = var(name, none) -%}
    {%- if given is none and execute -%}
        {%- set given = fromjson(env_var('STUDY_DBT_VARS', '{}')).get(name) -%}
    {%- endif -%}
    {{ return(given) }}
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
