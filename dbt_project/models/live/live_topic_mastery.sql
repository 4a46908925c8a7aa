{{
    config(
        materialized='live_view',
        alias='topic_mastery',
        meta={'mart': 'topic_mastery'}
    )
}}

{{
    fresh_rows(
        'topic_mastery',
        through=[
            'int_timezones_named',
            'int_session_learners',
            'int_events_placed',
            'int_spans_cut',
            'int_days',
            'int_topic_days',
            'question_attempts',
            'int_topic_states',
        ]
    )
}}
