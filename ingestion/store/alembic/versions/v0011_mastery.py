"""What mastery is computed by: fitted models, how easy questions are, and who is held out."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0011_mastery"
down_revision = "0010_activity"
branch_labels = None
depends_on = None

_TABLES = """
create table ops.mastery_models (
    version text primary key,
    model jsonb not null,
    figures jsonb not null,
    is_promoted boolean not null,
    fitted_at timestamptz not null default clock_timestamp()
);

create table ops.mastery_difficulties (
    version text not null,
    kind text not null check (kind in ('all', 'topic', 'question')),
    subject text not null,
    first_logit double precision not null,
    again_logit double precision not null,
    primary key (version, kind, subject)
);

create table ops.mastery_learners (
    user_id uuid primary key,
    fold smallint not null check (fold >= -1)
);
"""

_COMMENTS = {
    "table ops.mastery_models": (
        "One row per model that was fitted. What it says of mastery never changes: another fit is "
        "another version."
    ),
    "column ops.mastery_models.model": "Intercept and coefficients by feature, and the defaults.",
    "column ops.mastery_models.figures": "How well it foretold learners it had not seen.",
    "column ops.mastery_models.is_promoted": (
        "Whether it foretold better than the model in force; the last of these is in force, unless "
        "a setting names another."
    ),
    "table ops.mastery_difficulties": (
        "How easy a question or topic was to all learners when a version was fitted, drawn towards "
        "its kind; frozen, so that the mastery of a learner hangs on nobody else."
    ),
    "column ops.mastery_difficulties.first_logit": "Of the chance of a right first answer.",
    "column ops.mastery_difficulties.again_logit": "Of the chance of a right later answer.",
    "table ops.mastery_learners": "Who takes part in a fit, written anew by each.",
    "column ops.mastery_learners.fold": (
        "Difficulties for a fold are those to all other folds; -1: held out, to judge the fit by."
    ),
}


def upgrade() -> None:
    """Make the tables, and grant."""
    op.execute(_TABLES)
    for table in ("mastery_models", "mastery_difficulties", "mastery_learners"):
        op.execute(f"grant select, insert, update, delete on ops.{table} to study_transform")
    for subject, text in _COMMENTS.items():
        op.execute(f"comment on {subject} is '{text}'")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
