{{
    config(
        materialized='live_view',
        schema='live',
        alias='material_interactions',
        access='public',
        meta={'mart': 'material_interactions'}
    )
}}

{{
    fresh_rows(
        'material_interactions',
        through=[
            'int_timezones_named',
            'int_session_learners',
            'int_events_placed',
        ]
    )
}}
