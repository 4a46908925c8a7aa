{{
    config(
        materialized='live_view',
        alias='knowledge_gaps',
        meta={'mart': 'knowledge_gaps'}
    )
}}

{{
    fresh_rows(
        'knowledge_gaps',
        through=[
            'int_timezones_named',
            'int_session_learners',
            'int_events_placed',
            'int_spans_cut',
            'int_days',
            'int_topic_days',
            'question_attempts',
            'int_topic_states',
            'int_topic_stages',
            'topic_mastery',
        ],
        beside=['int_cohort_topics', 'topics', 'topic_prerequisites']
    )
}}
