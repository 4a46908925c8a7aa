{{
    config(
        materialized='live_view',
        schema='live',
        alias='question_attempts',
        access='public',
        meta={'mart': 'question_attempts'}
    )
}}

{{
    fresh_rows(
        'question_attempts',
        through=[
            'int_timezones_named',
            'int_session_learners',
            'int_events_placed',
        ]
    )
}}
