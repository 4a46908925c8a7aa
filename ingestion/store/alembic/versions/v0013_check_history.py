"""The history of checks: what each found when, since when it is red, and what marts were like."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0013_check_history"
down_revision = "0012_operation"
branch_labels = None
depends_on = None

_COLUMNS = (
    # what was checked before this was of the marts alone
    "alter table quality.check_results add column schema_name text default 'marts'",
    "alter table quality.check_results add column blocking boolean default false",
    """
    create index check_results_check on quality.check_results
    (schema_name, table_name, check_name, check_id)
    """,
)

# `failing_since` is of the failures without a success between them, so that who looks at a red
# check sees whether it is news.
_LATEST = """
create view quality.latest_checks as
with numbered as (
    select
        *,
        row_number() over newest_first as age,
        count(*) filter (where success) over newest_first as successes
    from quality.check_results
    window newest_first as (
        partition by schema_name, table_name, suite, check_name order by check_id desc
    )
)
select
    schema_name,
    table_name,
    suite,
    check_name,
    max(run_id) filter (where age = 1) as run_id,
    max(checked_at) filter (where age = 1) as checked_at,
    max(severity) filter (where age = 1) as severity,
    bool_and(success) filter (where age = 1) as success,
    max(unexpected_count) filter (where age = 1) as unexpected_count,
    min(checked_at) filter (where successes = 0) as failing_since,
    count(*) filter (where successes = 0) as failures_in_a_row
from numbered
group by schema_name, table_name, suite, check_name
"""

_PROFILES = """
create table quality.profiles (
    as_of timestamptz not null,
    table_name text not null,
    bucket text not null,
    row_count bigint not null,
    primary key (table_name, as_of, bucket)
)
"""

_GRANTS = (
    "grant select on quality.latest_checks to study_transform",
    "grant select, insert on quality.profiles to study_transform",
)

_COMMENTS = {
    "column quality.check_results.blocking": "Whether the next layer is not built once it fails.",
    "view quality.latest_checks": (
        "One row per check: what it found last, and since when it fails without a success between."
    ),
    "table quality.profiles": (
        "How the rows of the marts of standings were distributed at past runs, to compare with."
    ),
}


def upgrade() -> None:
    """Add the columns, make the view and the table, and grant."""
    for statement in (*_COLUMNS, _LATEST, _PROFILES, *_GRANTS):
        op.execute(statement)
    for subject, text in _COMMENTS.items():
        op.execute(f"comment on {subject} is '{text}'")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
