{{
    config(
        materialized='live_view',
        alias='material_interactions',
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
