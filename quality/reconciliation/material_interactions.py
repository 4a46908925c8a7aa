"""`marts.material_interactions` against the sessions they are of."""

from quality.reconciliation.statement import Reconciliation, Relation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "sessions_view_the_materials_of_their_interactions",
        "A session's materials are its rows of material_interactions.",
        "material_interactions",
        "select session_id as key, count(*) as amount from marts.material_interactions group by 1",
        "select session_id as key, materials_viewed as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_read_the_chunks_of_their_interactions",
        "A session's chunks are the sum over its materials: no chunk is of two.",
        "material_interactions",
        """
        select session_id as key, sum(chunks_read) as amount
        from marts.material_interactions group by 1
        """,
        "select session_id as key, chunks_read as amount from marts.study_sessions",
    ),
    Reconciliation(
        "sessions_complete_at_most_their_complete_interactions",
        "Each material that a session completed is complete in material_interactions.",
        "material_interactions",
        "select session_id as key, materials_completed as amount from marts.study_sessions",
        """
        select session_id as key, count(*) as amount
        from marts.material_interactions where is_complete group by 1
        """,
        Relation.AT_MOST,
    ),
)
