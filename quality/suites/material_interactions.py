"""What must hold in `marts.material_interactions`."""

from quality.suites.suite import between, fact, make_suite, never_negative, one_of

COLUMNS = {
    "session_id": "uuid",
    "material_id": "text",
    "user_id": "uuid",
    "topic_id": "text",
    "material_type": "text",
    "interaction_type": "text",
    "started_at": "timestamp with time zone",
    "ended_at": "timestamp with time zone",
    "duration_seconds": "double precision",
    "scroll_depth_percent": "double precision",
    "chunks_read": "bigint",
    "is_complete": "boolean",
    "highlights_count": "bigint",
    "notes_count": "bigint",
    "is_bookmarked": "boolean",
}
NULLABLE = ("topic_id", "material_type", "scroll_depth_percent")

SUITE = make_suite(
    "material_interactions",
    key=("session_id", "material_id"),
    columns=COLUMNS,
    nullable=NULLABLE,
    checks=(
        one_of("interaction_type", "read", "annotate"),
        between("scroll_depth_percent", 0, 100, unit="percent"),
        never_negative(
            "seconds_and_counts_are_never_negative",
            "duration_seconds",
            "chunks_read",
            "highlights_count",
            "notes_count",
        ),
        fact(
            "interactions_never_end_before_they_start",
            "The last event of an interaction is not before its first.",
            broken_when="ended_at < started_at",
            column="ended_at",
        ),
        fact(
            "materials_read_to_the_end_are_complete",
            "A scroll depth of 90 percent or more makes a material complete.",
            broken_when="scroll_depth_percent >= 90 and not is_complete",
            column="is_complete",
        ),
        fact(
            "annotations_hold_no_reading",
            "What opening, reading and completing fill is empty where there was none of them.",
            broken_when="interaction_type = 'annotate' and (duration_seconds > 0 or chunks_read > 0"
            " or is_complete or num_nonnulls(material_type, scroll_depth_percent) > 0)",
        ),
        fact(
            "annotations_have_an_annotation",
            "An interaction without reading has a highlight, a note or a bookmark.",
            broken_when="interaction_type = 'annotate' and not is_bookmarked"
            " and highlights_count = 0 and notes_count = 0",
        ),
    ),
)
