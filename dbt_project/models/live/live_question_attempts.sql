{{
    config(
        materialized='live_view',
        alias='question_attempts',
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
