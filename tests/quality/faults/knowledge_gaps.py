from quality.suites import knowledge_gaps
from tests.quality.faults.planting import faults, required, set_each

GAP = "update marts.knowledge_gaps set "
# The healthy warehouse has one gap of each: resolved, never answered, answered wrong.
WEAK = " where topic_id = 'heart'"
UNSEEN = " where topic_id = 'pancreas'"
MISCONCEIVED = " where topic_id = 'liver'"


def set_evidence(key: str, value: str, where: str) -> list[str]:
    """Statements that put another value under a key of the evidence."""
    return [GAP + f"evidence = jsonb_set(evidence, '{{{key}}}', '{value}')" + where]


def decay(days: str) -> list[str]:
    """Statements that make the topic never answered one that decays, for so many days."""
    evidence = (
        '{"questions_attempted": 2, "questions_correct": 1, "questions_seen": 2,'
        ' "recent_attempts": 2, "recent_correct": 1, "recent_firm": 1, "recent_hinted": 0,'
        ' "recent_unsure": 0, "recent_slow": 0, "misconceived_answers": 0,'
        ' "misconceived_questions": 0,'
        f' "days_since_last_attempt": {days}}}'
    )
    return [
        GAP + f"gap_type = 'decayed', recommended_action = 'review', evidence = '{evidence}'"
        ", mastery_score = 0.5" + UNSEEN
    ]


def retype(gap_type: str, action: str, where: str) -> list[str]:
    """Statements that call a gap another one."""
    return [GAP + f"gap_type = '{gap_type}', recommended_action = '{action}'" + where]


FAULTS = faults(
    "knowledge_gaps",
    {
        "columns_are_all_there": [
            ["alter table marts.knowledge_gaps drop column recommended_action"]
        ],
        "columns_have_their_types": [
            ["alter table marts.knowledge_gaps alter column gap_type type varchar"]
        ],
        "required_values_are_never_null": set_each(
            "knowledge_gaps", "topic_id = 'pancreas'", "null", *required(knowledge_gaps)
        ),
        "user_id_and_topic_id_are_unique": [
            ["insert into marts.knowledge_gaps select * from marts.knowledge_gaps" + WEAK]
        ],
        "gap_type_is_one_of_the_known": [[GAP + "gap_type = 'lazy'" + UNSEEN]],
        "status_is_one_of_the_known": [[GAP + "status = 'ignored'" + UNSEEN]],
        "severity_is_between_0_and_1": [
            [GAP + "severity = 1.01" + MISCONCEIVED],
            [GAP + "severity = -0.01" + UNSEEN],
        ],
        "mastery_score_is_between_0_and_1": [
            [GAP + "mastery_score = 1.01" + WEAK],
            [GAP + "mastery_score = -0.01" + WEAK],
        ],
        "recommended_action_is_that_of_the_type": [
            [GAP + "recommended_action = 'review'" + UNSEEN],
            [GAP + "recommended_action = 'pray'" + WEAK],
        ],
        "resolved_gaps_say_when": [
            [GAP + "resolved_at = null" + WEAK],
            [GAP + "resolved_at = first_detected_at" + UNSEEN],
        ],
        "gaps_are_detected_before_they_are_resolved": [
            [GAP + "first_detected_at = resolved_at + interval '1 second'" + WEAK]
        ],
        "only_resolved_gaps_are_of_no_severity": [
            [GAP + "severity = 0" + UNSEEN],
            [GAP + "severity = 0.1" + WEAK],
        ],
        "evidence_is_whole_numbers_under_its_keys": [
            set_evidence("recent_firm", "-1", WEAK),
            set_evidence("recent_firm", "0.5", WEAK),
            set_evidence("mood", "1", WEAK),
            [GAP + "evidence = evidence - 'questions_seen'" + WEAK],
            [GAP + "evidence = '{}'" + WEAK],
            [GAP + "evidence = '[]'" + WEAK],
            [GAP + "evidence = 'null'" + WEAK],
        ],
        "evidence_counts_fit_into_each_other": [
            set_evidence("questions_seen", "22", WEAK),
            set_evidence("recent_attempts", "5", WEAK),
            set_evidence("recent_firm", "6", WEAK),
            set_evidence("misconceived_questions", "3", MISCONCEIVED),
            set_evidence("misconceived_answers", "3", MISCONCEIVED),
            set_evidence("recent_correct", "1", UNSEEN),
            [
                GAP + "mastery_score = 1, evidence = "
                "jsonb_set(evidence, '{questions_correct}', '2')" + MISCONCEIVED
            ],
        ],
        "gap_type_is_borne_out_by_the_evidence": [
            retype("unseen", "answer_first_questions", WEAK),
            retype("misconception", "contrast_answers", WEAK),
            retype("weak", "study_again", MISCONCEIVED),
            retype("fragile", "practise_without_hints", WEAK),
            retype("decayed", "review", WEAK)
            + set_evidence("recent_firm", "1", WEAK)
            + set_evidence("recent_correct", "1", WEAK),
        ],
        "days_are_counted_while_decayed": [
            set_evidence("days_since_last_attempt", "40", WEAK),
            set_evidence("days_since_last_attempt", "40", UNSEEN),
            decay("null"),
            decay("29"),
        ],
        "exam_weight_is_between_0_and_1": [
            [GAP + "exam_weight = 1.01" + WEAK],
            [GAP + "exam_weight = -0.01" + WEAK],
        ],
        "severity_is_no_more_than_the_weight": [
            [GAP + "severity = 0.51" + MISCONCEIVED],
            [GAP + "severity = 0.001" + UNSEEN],
        ],
        "open_gaps_are_ranked_by_severity": [
            [GAP + "gap_rank = null" + UNSEEN],
            [GAP + "gap_rank = 1" + WEAK],
            [GAP + "gap_rank = 9" + UNSEEN],
            [
                GAP + "severity = 0.2 + gap_rank * 0.01" + " where user_id = (select user_id from"
                " marts.knowledge_gaps" + UNSEEN + ") and status = 'open'"
            ],
        ],
    },
)
