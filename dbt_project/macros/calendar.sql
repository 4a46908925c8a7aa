{#-
    The midnight (UTC) that begins the date of the run's instant: what is measured from it changes
    once a day, and not with every run.
-#}
{% macro as_of_midnight() -%}
    {{ return(midnight_before(as_of())) }}
{%- endmacro %}

{% macro midnight_before(instant) -%}
    {{ return(adapter.dispatch('midnight_before')(instant)) }}
{%- endmacro %}

{% macro default__midnight_before(instant) -%}
    (date_trunc('day', {{ instant }} at time zone 'UTC') at time zone 'UTC')
{%- endmacro %}


{#- So many days of 86,400 s after an instant, whatever clocks do between. -#}
{% macro days_after(instant, days) -%}
    {{ return(adapter.dispatch('days_after')(instant, days)) }}
{%- endmacro %}

{% macro default__days_after(instant, days) -%}
    ({{ instant }} + interval '24 hours' * {{ days }})
{%- endmacro %}


{#- Whole days of 86,400 s from instant `a` to a later instant `b`. -#}
{% macro whole_days_between(a, b) -%}
    {{ return(adapter.dispatch('whole_days_between')(a, b)) }}
{%- endmacro %}

{% macro postgres__whole_days_between(a, b) -%}
    ({{ microseconds_between(a, b) }} / 86400000000)
{%- endmacro %}


{#- The hour, 0..23, that a clock in an IANA timezone shows at an instant. -#}
{% macro local_hour(instant, timezone) -%}
    {{ return(adapter.dispatch('local_hour')(instant, timezone)) }}
{%- endmacro %}

{% macro default__local_hour(instant, timezone) -%}
    cast(extract(hour from {{ instant }} at time zone {{ place(timezone) }}) as bigint)
{%- endmacro %}


{#- Seconds of a mart as the whole microseconds they were made of: their double gives these back exactly. -#}
{% macro microseconds(seconds) -%}
    cast(round({{ seconds }} * 1000000) as bigint)
{%- endmacro %}
