{#-
    The instant the run is evaluated at, as a literal in UTC.
    An instant without an offset is refused: read in the server's timezone, it would close
    sessions hours too early or too late.
    A live view is evaluated at the setting `study.as_of` of the session that reads it, else now.
-#}
{% macro as_of() -%}
    {%- if is_live() -%}
    coalesce(
        cast(nullif(current_setting('study.as_of', true), '') as timestamp with time zone), now()
    )
    {%- else -%}
    {%- set given = var_of_run('as_of') -%}
    {%- if given is none -%}
        {%- set instant = run_started_at -%}
    {%- else -%}
        {%- set instant = modules.datetime.datetime.fromisoformat(given | string) -%}
    {%- endif -%}
    {%- if instant.utcoffset() is none -%}
        {{ exceptions.raise_compiler_error("as_of has no UTC offset: " ~ given ~ ". Write it like 2026-01-31T12:00:00+00:00.") }}
    {%- endif -%}
    cast('{{ instant.astimezone(modules.pytz.utc).isoformat() }}' as timestamp with time zone)
    {%- endif -%}
{%- endmacro %}
