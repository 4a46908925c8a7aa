{#-
    From instant `a` to instant `b` in whole microseconds: sums of integers are the same in any order,
    sums of floats are not. The seconds are a float for a moment, which is exact to the microsecond
    for 285 years and a third cheaper than a decimal.
-#}
{% macro microseconds_between(a, b) -%}
    {{ return(adapter.dispatch('microseconds_between')(a, b)) }}
{%- endmacro %}

{% macro postgres__microseconds_between(a, b) -%}
    cast(round(date_part('epoch', ({{ b }}) - ({{ a }})) * 1000000) as bigint)
{%- endmacro %}


{#- Whole microseconds as seconds. The one place where time becomes a float. -#}
{% macro seconds(microseconds) -%}
    (cast({{ microseconds }} as double precision) / 1000000)
{%- endmacro %}


{#- The calendar date of an instant in an IANA timezone. -#}
{% macro local_date(instant, timezone) -%}
    {{ return(adapter.dispatch('local_date')(instant, timezone)) }}
{%- endmacro %}

{% macro default__local_date(instant, timezone) -%}
    cast({{ instant }} at time zone {{ place(timezone) }} as date)
{%- endmacro %}


{#-
    A timezone by a name that can be taken for nothing else. PostgreSQL knows `CET` and three more also
    as abbreviations, without summer time, and takes them for these: days would change an hour late
    all summer. The places are those that the IANA database itself links the four names to.
-#}
{% macro place(timezone) -%}
    {{ return(adapter.dispatch('place')(timezone)) }}
{%- endmacro %}

{% macro default__place(timezone) -%}
    {{ timezone }}
{%- endmacro %}

{% macro postgres__place(timezone) -%}
    case {{ timezone }}
        when 'CET' then 'Europe/Brussels'
        when 'MET' then 'Europe/Brussels'
        when 'EET' then 'Europe/Athens'
        when 'WET' then 'Europe/Lisbon'
        else {{ timezone }}
    end
{%- endmacro %}


{#-
    The first instant that has a date in an IANA timezone.
    Where midnight is skipped (Beirut in spring), PostgreSQL reads the gap as the instant the
    clocks change: right. Where it comes twice (Havana in autumn: 1:00 is 0:00 again), it reads the
    second, an hour late. So walk to midnight from six hours before it, by the clock that
    was valid then, and take that instant if it has the date already.
-#}
{% macro local_midnight(date, timezone) -%}
    {{ return(adapter.dispatch('local_midnight')(date, timezone)) }}
{%- endmacro %}

{% macro postgres__local_midnight(date, timezone) -%}
    {%- set midnight = "cast(" ~ date ~ " as timestamp without time zone)" -%}
    {%- set zone = place(timezone) -%}
    {%- set as_read = "(" ~ midnight ~ " at time zone " ~ zone ~ ")" -%}
    {%- set evening = "(" ~ as_read ~ " - interval '6 hours')" -%}
    {%- set walked = "(" ~ evening ~ " + (" ~ midnight ~ " - (" ~ evening ~ " at time zone " ~ zone ~ ")))" -%}
    case
        when {{ local_date(walked, timezone) }} = {{ date }} then least({{ walked }}, {{ as_read }})
        else {{ as_read }}
    end
{%- endmacro %}


{#- A date as a count of days: consecutive dates differ by one. -#}
{% macro day_number(date) -%}
    {{ return(adapter.dispatch('day_number')(date)) }}
{%- endmacro %}

{% macro default__day_number(date) -%}
    ({{ date }} - date '1970-01-01')
{%- endmacro %}


{#- The Monday on or before a date: the first day of its ISO week. -#}
{% macro week_start(date) -%}
    {{ return(adapter.dispatch('week_start')(date)) }}
{%- endmacro %}

{% macro default__week_start(date) -%}
    cast(date_trunc('week', cast({{ date }} as timestamp without time zone)) as date)
{%- endmacro %}


{#- The relation that lists the timezones the engine can compute with, in its column `name`. -#}
{% macro known_timezones() -%}
    {{ return(adapter.dispatch('known_timezones')()) }}
{%- endmacro %}

{% macro postgres__known_timezones() -%}
    pg_catalog.pg_timezone_names
{%- endmacro %}


{#- A date so many days later; earlier, if the number is negative. -#}
{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    ({{ date }} + {{ days }})
{%- endmacro %}
