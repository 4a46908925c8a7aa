"""What must hold in `marts.knowledge_gaps`."""

from quality.suites.suite import between, fact, make_suite, one_of, query

COLUMNS = {
    "user_id": "uuid",
    "topic_id": "text",
    "gap_type": "text",
    "recommended_action": "text",
    "recommendation": "text",
    "study_first": "text",
    "status": "text",
    "severity": "double precision",
    "gap_rank": "bigint",
    "exam_weight": "double precision",
    "mastery_score": "double precision",
    "evidence": "jsonb",
    "first_detected_at": "timestamp with time zone",
    "resolved_at": "timestamp with time zone",
}
NULLABLE = ("study_first", "gap_rank", "resolved_at")
EVIDENCE = """array[
    'days_since_last_attempt', 'misconceived_answers', 'misconceived_questions',
    'questions_attempted', 'questions_correct', 'questions_seen', 'recent_attempts',
    'recent_correct', 'recent_firm', 'recent_hinted', 'recent_slow', 'recent_unsure'
]"""
ATTEMPTED = "cast(evidence ->> 'questions_attempted' as double precision)"
CORRECT = "cast(evidence ->> 'questions_correct' as double precision)"
SEEN = "cast(evidence ->> 'questions_seen' as double precision)"
RECENT = "cast(evidence ->> 'recent_attempts' as double precision)"
RECENT_CORRECT = "cast(evidence ->> 'recent_correct' as double precision)"
FIRM = "cast(evidence ->> 'recent_firm' as double precision)"
MEANT = "cast(evidence ->> 'misconceived_answers' as double precision)"
MISCONCEIVED = "cast(evidence ->> 'misconceived_questions' as double precision)"
DAYS = "cast(evidence ->> 'days_since_last_attempt' as double precision)"

SUITE = make_suite(
    "knowledge_gaps",
    key=("user_id", "topic_id"),
    columns=COLUMNS,
    nullable=NULLABLE,
    checks=(
        one_of("gap_type", "unseen", "weak", "decayed", "misconception", "fragile"),
        one_of("status", "open", "resolved"),
        between("severity", 0, 1, unit="1 is nothing known"),
        between("mastery_score", 0, 1, unit="1 is every answer correct"),
        between("exam_weight", 0, 1, unit="1 is what the exam asks most"),
        fact(
            "recommended_action_is_that_of_the_type",
            "Every type of gap has its action.",
            broken_when="""
                recommended_action <> case gap_type
                    when 'misconception' then 'contrast_answers'
                    when 'weak' then 'study_again'
                    when 'fragile' then 'practise_without_hints'
                    when 'decayed' then 'review'
                    when 'unseen' then 'answer_first_questions'
                end
            """,
            column="recommended_action",
        ),
        fact(
            "resolved_gaps_say_when",
            "resolved_at is there once resolved, and only then.",
            broken_when="(status = 'resolved') <> (resolved_at is not null)",
            column="resolved_at",
        ),
        fact(
            "gaps_are_detected_before_they_are_resolved",
            "No gap is resolved before it was first detected.",
            broken_when="first_detected_at > resolved_at",
            column="first_detected_at",
        ),
        fact(
            "only_resolved_gaps_are_of_no_severity",
            "severity is 0 once resolved, and above it while open.",
            broken_when="(severity = 0) <> (status = 'resolved')",
            column="severity",
        ),
        fact(
            "evidence_is_whole_numbers_under_its_keys",
            "evidence has its twelve keys and no other, each a whole number or null.",
            # The values as text: to take each object apart costs three times as much.
            broken_when=f"""
                case when jsonb_typeof(evidence) <> 'object' then true
                else not jsonb_exists_all(evidence, {EVIDENCE})
                    or evidence - {EVIDENCE} <> jsonb_build_object()
                    or cast(evidence as text) ~ ': [^0-9n]|[0-9][.]' end
            """,
            column="evidence",
        ),
        fact(
            "evidence_counts_fit_into_each_other",
            "Correct answers and questions are some of the attempts, recent ones the last ten.",
            broken_when=f"{ATTEMPTED} < greatest({CORRECT}, {SEEN})"
            f" or {RECENT} <> least({ATTEMPTED}, 10)"
            f" or {RECENT_CORRECT} > least({RECENT}, {CORRECT})"
            f" or {FIRM} > least({RECENT_CORRECT}, 5) or {MISCONCEIVED} > least({SEEN}, {MEANT})"
            f" or {MEANT} > {ATTEMPTED} - {CORRECT}",
            column="evidence",
        ),
        fact(
            "gap_type_is_borne_out_by_the_evidence",
            "The numbers are such as leave a gap of this type open, and open none before it.",
            broken_when=f"""
                case gap_type
                    when 'unseen' then {ATTEMPTED} > 0
                    when 'misconception' then {MISCONCEIVED} = 0
                    when 'weak' then {MEANT} >= 2 or {ATTEMPTED} < 3
                        or {RECENT_CORRECT} * 5 >= {RECENT} * 3
                    when 'fragile' then {MEANT} >= 2 or {ATTEMPTED} < 5
                        or {RECENT_CORRECT} * 2 < {RECENT} or {FIRM} > 3
                    when 'decayed' then {MEANT} >= 2 or {ATTEMPTED} = 0
                        or {ATTEMPTED} >= 3 and {RECENT_CORRECT} * 2 < {RECENT}
                        or {ATTEMPTED} >= 5 and {FIRM} <= 2
                end
            """,
            column="gap_type",
        ),
        fact(
            "days_are_counted_while_decayed",
            "days_since_last_attempt is there, and 30 at least, while a decayed gap is open.",
            broken_when=f"({DAYS} is not null) <> (gap_type = 'decayed' and status = 'open')"
            f" or {DAYS} < 30",
            column="evidence",
        ),
        fact(
            "severity_is_no_more_than_the_weight",
            "severity is a part of exam_weight, and a tenth of what is missing by it or more.",
            broken_when="severity <= 1 and exam_weight >= 0 and severity > exam_weight"
            " or severity > 0 and severity < exam_weight * (1 - mastery_score) / 10 - 1e-9",
            column="severity",
        ),
        query(
            "open_gaps_are_ranked_by_severity",
            "The open gaps of a learner have the ranks from 1 on, by falling severity.",
            """
            select * from (
                select user_id, status, severity, gap_rank, row_number() over ranks as place,
                    lag(severity) over ranks as before
                from {batch}
                window ranks as (
                    partition by user_id, gap_rank is null order by gap_rank, severity desc
                )
            ) as ranked
            where user_id is not null and ((gap_rank is null) <> (status = 'resolved')
                or gap_rank <> place or status = 'open' and severity > before)
            """,
            column="gap_rank",
        ),
    ),
)
