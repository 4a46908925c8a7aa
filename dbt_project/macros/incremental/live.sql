{#-
    Live views: what the next load will store, by the SQL of the models themselves. A view `fresh_<model>`
    is a model's own SQL over the fresh views of its inputs, the first of them over all events of the
    log. Nothing is ever read whole: a query of one learner is pushed down through all of them to
    the indexes of the log, for every model has the learner in its keys, partitions and joins.
-#}


{#- The SQL of a model, over the fresh views of the inputs it `reads`. -#}
{% macro fresh_sql(name, reads) -%}
    {%- do ref(name) -%}
    {%- for input in reads -%}
        {%- do ref(input) -%}
        {%- if input != 'stg_study_events' and input != 'int_timezones_known' -%}
            {%- do ref('fresh_' ~ input) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if execute -%}
        {{ render(graph['nodes']['model.study_analytics.' ~ name]['raw_code']) }}
    {%- endif -%}
{%- endmacro %}


{#-
    The rows of a mart as the next load will store them: the stored ones of learners nothing has
    happened to since, the fresh ones of the others.
-#}
{% macro live_rows(mart) -%}
    {%- set stored = ref(mart) -%}
    {%- set fresh = ref('fresh_' ~ mart) -%}
    {%- set touched = ref('live_learners') -%}
    {%- if execute -%}
    {%- set columns = graph['nodes']['model.study_analytics.' ~ mart]['columns'].keys() -%}
    select
        {% for column in columns %}stored.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
    from {{ stored }} as stored
    where not exists (select 1 from {{ touched }} as touched where stored.user_id = touched.user_id)
    union all
    select
        {% for column in columns %}fresh.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
    from {{ touched }} as touched
    inner join {{ fresh }} as fresh on touched.user_id = fresh.user_id
    {%- endif -%}
{%- endmacro %}


{#- Whether the SQL being written is that of a live view. -#}
{% macro is_live() -%}
    {{ return(model['fqn'][1] == 'live') }}
{%- endmacro %}


{#- The view that stands for a table in the live views. -#}
{% macro fresh_relation(relation) -%}
    {{
        return(
            relation.incorporate(
                path={'schema': 'intermediate', 'identifier': 'fresh_' ~ relation.identifier}
            )
        )
    }}
{%- endmacro %}


{#-
    How a CTE that is read twice is written. PostgreSQL keeps its rows, which is right for a table made
    whole and wrong in a live view: the learner would not be pushed down into it.
-#}
{% macro read_twice() -%}
    {% if is_live() %}not materialized{% endif %}
{%- endmacro %}


{#- The first transaction that some model has not loaded yet. -#}
{% macro live_watermark() -%}
    (
        select coalesce(
            (select states.to_xid from ops.model_states as states order by states.to_xid limit 1),
            cast('0' as xid8)
        )
    )
{%- endmacro %}
