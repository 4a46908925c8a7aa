-- A table, because listing the engine's own reads its timezone files each time.
{{
    config(
        unique_key=['name'],
        indexes=[{'columns': ['name'], 'unique': true}],
        meta={'key': ['name'], 'logged': ['name'], 'touched_also': ['no_timezones']}
    )
}}

with

final as (
    select distinct name from {{ touched(known_timezones()) }} as timezones
)

select * from final
