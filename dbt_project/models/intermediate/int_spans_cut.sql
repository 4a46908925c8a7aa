{{ config(materialized='kept_view') }}

with

final as (
    {{
        cut_spans(
            opening=input(ref('int_events_placed')), reaching=input(ref('int_events_placed'))
        )
    }}
)

select * from final
