{#-
    The rows of an input that the run has to read: all of them where the model is built whole, else
    those of its touched keys.

    by: the input's column for each of the model's key columns, where the names differ.
-#}
{% macro touched(relation, by=none) -%}
    {%- if is_live() -%}
        fresh_{{ relation.identifier }}
    {%- elif not execute or is_built_whole() -%}
        {{ relation }}
    {%- else -%}
        (
            select source.*
            from {{ relation }} as source
            inner join {{ touched_keys() }} as touched
                on {{ matches('source', 'touched', by) }}
        )
    {%- endif -%}
{%- endmacro %}


{#-
    The events of the log that the run has to read: those of the touched claims, or of the learner of a
    live view; `all`: not only of the touched claims. Events of archived months are among them, as they
    are kept (kept_events); where only later ones than `after` are looked for, an instant of the query
    around, they are left alone once none of them is.
-#}
{% macro logged_events(relation, all=false, after=none) -%}
    {%- set whole = all or not execute or is_built_whole() -%}
    {%- if is_live() -%}
        learner_events
    {%- elif whole and has_months_away() -%}
        (
            select {{ staged_columns() }} from {{ relation }}
            where ({{ before_horizon('ingest_xid') }}) is true
            union all
            {{ kept_events() }}
            {%- if after %}
            and {{ after }} < (select max(away.last_occurred_at) from ops.months_away as away)
            {%- endif %}
        )
    {%- elif current_load() is none -%}
        {{ relation }}
    {%- elif whole -%}
        (select * from {{ relation }} where ({{ before_horizon('ingest_xid') }}) is true)
    {%- else -%}
        -- Claim by claim (offset 0 keeps it so): joined to the view as a whole PostgreSQL does not see
        -- the index behind it, and reads the log from end to end. For the horizon no index is asked
        -- either: nearly every event lies before it.
        (
            select source.*
            from {{ touched_keys() }} as touched
            cross join lateral (
                select {{ staged_columns() if has_months_away() else '*' }} from {{ relation }} as logged
                where
                    {{ matches('logged', 'touched', {'session_id': 'claim_id'}) }}
                    and ({{ before_horizon('ingest_xid') }}) is true
                {% if has_months_away() -%}
                union all
                {{ kept_events() }} and {{ matches('kept', 'touched', {'session_id': 'claim_id'}) }}
                {% endif -%}
                offset 0
            ) as source
        )
    {%- endif -%}
{%- endmacro %}


{#- The keys themselves that the run recomputes; where the model is built whole, the input that has all. -#}
{% macro touched_groups(relation) -%}
    {%- if not execute or is_built_whole() -%}
        {{ relation }}
    {%- else -%}
        {{ touched_keys() }}
    {%- endif -%}
{%- endmacro %}


{#- The temporary table of the keys that the run recomputes. -#}
{% macro touched_keys() -%}
    touched__{{ model['name'] }}
{%- endmacro %}


{#- The condition that a row is of a touched key. -#}
{% macro matches(source, touched, by=none) -%}
    {%- for column in model['config']['meta']['key'] -%}
        {{ source }}.{{ (by or {}).get(column, column) }} = {{ touched }}.{{ column }}
        {%- if not loop.last %} and {% endif -%}
    {%- endfor -%}
{%- endmacro %}


{#-
    The select that finds the touched keys: from the log of each input, since this model's last
    step, and from what only this model knows of (`touched_also`, a macro by name).

    An input without a rule of its own in `touched_by` has the key columns in its log.
-#}
{% macro select_touched_keys() -%}
    {%- set meta = model['config']['meta'] -%}
    {%- set key = meta['key'] | join(', ') -%}
    {%- set selects = [] -%}
    {%- for node in model['depends_on']['nodes'] -%}
        {%- set input = graph['nodes'].get(node) -%}
        {%- if input and input['config']['materialized'] == 'incremental' -%}
            {%- for columns in meta.get('touched_by', {}).get(input['name'], [key]) -%}
                {%- do selects.append(
                    'select ' ~ columns ~ ' from ' ~ change_log(input['name'])
                    ~ ' where step > ' ~ last_state()['step']
                ) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in meta.get('touched_also', []) -%}
        {%- do selects.append(context[name]()) -%}
    {%- endfor -%}
    select distinct {{ key }}
    from ({{ selects | join(' union all ') }}) as candidates
    where {% for column in meta['key'] %}{{ column }} is not null{% if not loop.last %} and {% endif %}{% endfor %}
{%- endmacro %}


{#- The log of a model: the keys of every row that a step of it removed or added. -#}
{% macro change_log(name) -%}
    changes.{{ name }}
{%- endmacro %}


{#- An input that is looked up row by row from touched rows, and so is not cut down to them. -#}
{% macro input(relation) -%}
    {% if is_live() %}fresh_{{ relation.identifier }}{% else %}{{ relation }}{% endif %}
{%- endmacro %}


{#-
    The pieces of spans on touched days, by learner and date. Their two halves are looked up each by its own
    index; through the view PostgreSQL would read every span there is.
-#}
{% macro touched_spans() -%}
    {%- set events = ref('int_events_placed') -%}
    {%- set spans = ref('int_spans_cut') -%}
    {%- if is_live() or not execute or is_built_whole() -%}
        {{ touched(spans) }}
    {%- else -%}
        ({{ cut_spans(touched(events), touched(events, {'local_date': 'ended_date'})) }})
    {%- endif -%}
{%- endmacro %}
