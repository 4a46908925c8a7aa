from quality.suites import material_interactions
from tests.quality.faults.planting import faults, required, set_each

INTERACTION = "update marts.material_interactions set "
READ = " where interaction_type = 'read'"
ANNOTATE = " where interaction_type = 'annotate'"
FAULTS = faults(
    "material_interactions",
    {
        "columns_are_all_there": [["alter table marts.material_interactions drop column topic_id"]],
        "columns_have_their_types": [
            ["alter table marts.material_interactions alter column duration_seconds type numeric"]
        ],
        "required_values_are_never_null": set_each(
            "material_interactions",
            "interaction_type = 'annotate'",
            "null",
            *required(material_interactions),
        ),
        "session_id_and_material_id_are_unique": [
            [INTERACTION + "material_id = 'm' where material_id = 'n'"]
        ],
        "interaction_type_is_one_of_the_known": [
            [INTERACTION + "interaction_type = 'skim'" + READ],
        ],
        "scroll_depth_percent_is_between_0_and_100": [
            [INTERACTION + "scroll_depth_percent = 100.5" + READ],
            [INTERACTION + "scroll_depth_percent = -1" + READ],
        ],
        "seconds_and_counts_are_never_negative": set_each(
            "material_interactions",
            "interaction_type = 'read'",
            "-1",
            "duration_seconds",
            "chunks_read",
            "highlights_count",
            "notes_count",
        ),
        "interactions_never_end_before_they_start": [
            [INTERACTION + "ended_at = started_at - interval '1 microsecond'" + READ]
        ],
        "materials_read_to_the_end_are_complete": [[INTERACTION + "is_complete = false" + READ]],
        "annotations_hold_no_reading": [
            [INTERACTION + "duration_seconds = 1" + ANNOTATE],
            [INTERACTION + "chunks_read = 1" + ANNOTATE],
            [INTERACTION + "is_complete = true" + ANNOTATE],
            [INTERACTION + "material_type = 'pdf'" + ANNOTATE],
            [INTERACTION + "scroll_depth_percent = 5" + ANNOTATE],
        ],
        "annotations_have_an_annotation": [[INTERACTION + "notes_count = 0" + ANNOTATE]],
    },
)
