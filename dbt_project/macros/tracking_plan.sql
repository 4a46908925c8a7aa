{# Generated from ingestion/events by `python -m ingestion.events.generate`: do not edit. #}
{# The values each column may have, for accepted_values tests and for models. #}
{% macro tracking_plan_values() %}
    {{ return({
        'event_type': [
            'session_start',
            'session_end',
            'session_pause',
            'session_resume',
            'material_open',
            'material_read',
            'material_complete',
            'material_highlight',
            'material_note',
            'material_bookmark',
            'question_view',
            'question_attempt',
            'question_submit',
            'quiz_start',
            'quiz_complete',
            'ai_question_asked',
            'ai_response_received',
            'ai_feedback_positive',
            'ai_feedback_negative',
            'ai_hint_requested',
            'ai_explanation_requested',
            'xp_earned',
            'level_up',
            'achievement_unlocked',
            'streak_continued',
            'streak_broken',
            'search_performed',
            'topic_explored',
        ],
        'gamification_event_type': [
            'xp_earned',
            'level_up',
            'achievement_unlocked',
            'streak_continued',
            'streak_broken',
        ],
        'device_type': [
            'web',
            'mobile',
            'tablet',
            'desktop',
        ],
        'annotation_type': [
            'highlight',
            'note',
            'bookmark',
        ],
        'difficulty': [
            'easy',
            'medium',
            'hard',
        ],
        'quiz_type': [
            'practice',
            'mock_exam',
            'flashcards',
        ],
        'hint_type': [
            'guided',
            'direct',
        ],
        'achievement_type': [
            'streak',
            'mastery',
            'milestone',
        ],
        'search_type': [
            'semantic',
            'keyword',
        ],
    }) }}
{% endmacro %}
