"""The tracking plan as it was ordered, written by hand: the code is held against it."""

_ANSWER = (
    "selected_answer correct_answer time_to_answer_seconds confidence_level "
    "is_first_attempt attempt_number hint_used"
)
# event type: (ids it must name, properties it must have, properties it may have)
PLAN: dict[str, tuple[str, str, str]] = {
    "session_start": ("session_id", "", "device_type user_agent timezone"),
    "session_end": (
        "session_id",
        "",
        "duration_seconds active_seconds materials_viewed questions_attempted xp_earned",
    ),
    "session_pause": ("session_id", "", "pause_reason"),
    "session_resume": ("session_id", "", "pause_reason"),
    "material_open": ("material_id", "", "material_type material_name total_pages"),
    "material_read": (
        "material_id",
        "time_spent_seconds",
        "scroll_depth_percent chunk_index is_complete",
    ),
    "material_complete": ("material_id", "", "total_time_seconds completion_percentage"),
    "material_highlight": ("material_id", "", "annotation_type text_length chunk_position"),
    "material_note": ("material_id", "", "annotation_type text_length chunk_position"),
    "material_bookmark": ("material_id", "", "annotation_type text_length chunk_position"),
    "question_view": ("question_id", "", "question_type difficulty is_first_view"),
    "question_attempt": (
        "question_id",
        "",
        "is_correct " + _ANSWER,
    ),
    "question_submit": (
        "question_id",
        "is_correct",
        _ANSWER,
    ),
    "quiz_start": (
        "",
        "quiz_id",
        "total_questions correct_answers accuracy total_time_seconds quiz_type",
    ),
    "quiz_complete": (
        "",
        "quiz_id",
        "total_questions correct_answers accuracy total_time_seconds quiz_type",
    ),
    "ai_question_asked": (
        "",
        "",
        "question_length context_provided conversation_turn detected_topics",
    ),
    "ai_response_received": ("", "", "response_length response_time_ms model_used tokens_used"),
    "ai_feedback_positive": ("", "", "message_id rating feedback_text"),
    "ai_feedback_negative": ("", "", "message_id rating feedback_text"),
    "ai_hint_requested": ("question_id", "", "hint_type time_before_hint"),
    "ai_explanation_requested": ("question_id", "", "hint_type time_before_hint"),
    "xp_earned": ("", "xp_amount", "xp_source new_total_xp"),
    "level_up": ("", "new_level", "old_level total_xp"),
    "achievement_unlocked": (
        "",
        "achievement_id",
        "achievement_name achievement_type xp_reward",
    ),
    "streak_continued": ("", "", "old_streak new_streak is_new_record"),
    "streak_broken": ("", "", "old_streak new_streak is_new_record"),
    "search_performed": ("", "", "query result_count filters_applied search_type"),
    "topic_explored": ("topic_id", "", "topic_name topic_level current_mastery"),
}

_MAX = 2_147_483_647
_DAY = 86_400
_WEEK = 7 * _DAY

WHOLE: dict[str, tuple[int, int]] = {
    "materials_viewed": (0, _MAX),
    "questions_attempted": (0, _MAX),
    "xp_earned": (0, _MAX),
    "total_pages": (0, _MAX),
    "chunk_index": (0, _MAX),
    "text_length": (0, _MAX),
    "confidence_level": (1, 5),
    "attempt_number": (1, _MAX),
    "total_questions": (0, _MAX),
    "correct_answers": (0, _MAX),
    "question_length": (0, _MAX),
    "conversation_turn": (0, _MAX),
    "response_length": (0, _MAX),
    "tokens_used": (0, _MAX),
    "rating": (1, 5),
    "xp_amount": (0, _MAX),
    "new_total_xp": (0, _MAX),
    "old_level": (0, _MAX),
    "new_level": (0, _MAX),
    "total_xp": (0, _MAX),
    "xp_reward": (0, _MAX),
    "old_streak": (0, _MAX),
    "new_streak": (0, _MAX),
    "result_count": (0, _MAX),
}
FRACTIONAL: dict[str, tuple[float, float]] = {
    "duration_seconds": (0, _WEEK),
    "active_seconds": (0, _WEEK),
    "total_time_seconds": (0, _WEEK),
    "time_spent_seconds": (0, _DAY),
    "time_to_answer_seconds": (0, _DAY),
    "time_before_hint": (0, _DAY),
    "response_time_ms": (0, _MAX),
    "scroll_depth_percent": (0, 100),
    "completion_percentage": (0, 100),
    "accuracy": (0, 1),
    "current_mastery": (0, 1),
    "chunk_position": (0, _MAX),
}
LENGTHS: dict[str, tuple[int, int]] = {
    "user_agent": (0, 2_000),
    "pause_reason": (0, 2_000),
    "material_name": (0, 2_000),
    "selected_answer": (0, 2_000),
    "correct_answer": (0, 2_000),
    "feedback_text": (0, 2_000),
    "query": (0, 2_000),
    "material_type": (0, 200),
    "question_type": (0, 200),
    "model_used": (0, 200),
    "xp_source": (0, 200),
    "achievement_name": (0, 200),
    "topic_name": (0, 200),
    "quiz_id": (1, 128),
    "message_id": (1, 128),
    "achievement_id": (1, 128),
}
BOOLEANS = frozenset(
    {
        "is_complete",
        "is_first_view",
        "is_correct",
        "is_first_attempt",
        "hint_used",
        "context_provided",
        "is_new_record",
    }
)
VALUES: dict[str, tuple[str, ...]] = {
    "device_type": ("web", "mobile", "tablet", "desktop"),
    "annotation_type": ("highlight", "note", "bookmark"),
    "quiz_type": ("practice", "mock_exam", "flashcards"),
    "hint_type": ("guided", "direct"),
    "search_type": ("semantic", "keyword"),
    "achievement_type": ("streak", "mastery", "milestone"),
}
# Of a kind of their own, each with its own tests.
OTHERS = frozenset({"timezone", "difficulty", "topic_level", "detected_topics", "filters_applied"})
