{% macro duckdb__microseconds_between(a, b) -%}
    (epoch_us({{ b }}) - epoch_us({{ a }}))
{%- endmacro %}


{#- `/` gives a float here, whatever it divides. -#}
{% macro duckdb__whole_days_between(a, b) -%}
    ({{ microseconds_between(a, b) }} // 86400000000)
{%- endmacro %}


{#-
    As on PostgreSQL, in microseconds: the difference of two times of day is an interval of days
    here, and how long a day is would depend on the timezone of whoever runs this.
-#}
{% macro duckdb__local_midnight(date, timezone) -%}
    {%- set midnight = "cast(" ~ date ~ " as timestamp)" -%}
    {%- set as_read = "(" ~ midnight ~ " at time zone " ~ timezone ~ ")" -%}
    {%- set evening = "(" ~ as_read ~ " - interval '6 hours')" -%}
    {%- set walked = "(" ~ evening ~ " + to_microseconds(epoch_us(" ~ midnight ~ ") - epoch_us(" ~ evening ~ " at time zone " ~ timezone ~ ")))" -%}
    case
        when {{ local_date(walked, timezone) }} = {{ date }} then least({{ walked }}, {{ as_read }})
        else {{ as_read }}
    end
{%- endmacro %}


{#-
    Without what ICU knows beside the IANA names: a learner in `PST` would be in no timezone on one
    engine and in California on the other.
-#}
{% macro duckdb__known_timezones() -%}
    (
        select name from pg_timezone_names()
        where
            name not like 'SystemV/%'
            and name not in (
                'ACT', 'AET', 'AGT', 'ART', 'AST', 'BET', 'BST', 'CAT', 'CNT', 'CST', 'CTT', 'EAT',
                'ECT', 'IET', 'IST', 'JST', 'MIT', 'NET', 'NST', 'PLT', 'PNT', 'PRT', 'PST', 'SST',
                'VST', 'Canada/East-Saskatchewan', 'US/Pacific-New'
            )
    )
{%- endmacro %}


{% macro duckdb__last_before(seeker, value, relation) -%}
    (
        select last(earlier.{{ value }} order by earlier.occurred_at, earlier.event_id)
        from {{ relation }} as earlier
        where
            earlier.user_id = {{ seeker }}.user_id
            and (earlier.occurred_at, earlier.event_id) < ({{ seeker }}.occurred_at, {{ seeker }}.event_id)
    )
{%- endmacro %}
