{#-
    A select of the materials viewed and completed and the chunks read among placed events, by the
    given columns. Grouped step by step: counting distinct pairs at once would sort them all.
-#}
{% macro material_totals(events, keys) -%}
    {%- set by = keys | join(', ') -%}
    select
        {{ by }},
        count(*) as materials_viewed,
        count(case when is_completed then 1 end) as materials_completed,
        cast(sum(chunk_count) as bigint) as chunks_read
    from (
        select
            {{ by }},
            material_id,
            bool_or(is_completed) as is_completed,
            count(chunk) as chunk_count
        from (
            select
                {{ by }},
                material_id,
                chunk,
                bool_or(event_type = 'material_complete') as is_completed
            from {{ events }} as events
            where is_material
            group by {{ by }}, material_id, chunk
        ) as chunks
        group by {{ by }}, material_id
    ) as materials
    group by {{ by }}
{%- endmacro %}
