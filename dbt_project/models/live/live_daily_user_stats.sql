{{
    config(
        materialized='live_view',
        alias='daily_user_stats',
        meta={'mart': 'daily_user_stats'}
    )
}}

{{
    fresh_rows(
        'daily_user_stats',
        through=[
            'int_timezones_named',
            'int_session_learners',
            'int_events_placed',
            'int_spans_cut',
            'int_days',
            'int_topic_days',
            'int_streaks',
            'question_attempts',
            'study_sessions',
        ]
    )
}}
