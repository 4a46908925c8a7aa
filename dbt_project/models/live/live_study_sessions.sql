{{
    config(
        materialized='live_view',
        alias='study_sessions',
        meta={'mart': 'study_sessions'}
    )
}}

{{
    fresh_rows(
        'study_sessions',
        through=[
            'int_timezones_named',
            'int_session_learners',
            'int_events_placed',
            'question_attempts',
        ]
    )
}}
