"""Who read what, who is forgotten, and who may see whom."""

from alembic import op

from ingestion.store.alembic import access_chain, custody
from ingestion.store.errors import StoreError

revision = "0015_audit"
down_revision = "0014_archive"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the chain, what erasure leaves behind, and the cohorts; and grant."""
    for statement in (*custody.ROLES, *access_chain.CHAIN, *custody.ERASURE, *custody.COHORTS):
        op.execute(statement)
    op.execute("set local role study_transform")
    for statement in custody.TRANSFORM_GRANTS:
        op.execute(statement)
    op.execute("reset role")
    for subject, text in custody.COMMENTS.items():
        op.execute(f"comment on {subject} is '{text}'")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
