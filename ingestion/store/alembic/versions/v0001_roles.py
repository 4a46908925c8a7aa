"""The roles that work on the data, and the schemas they work in."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0001_roles"
down_revision = None
branch_labels = None
depends_on = None

# Roles belong to the whole server, so another database may be making them at this moment: the
# loser waits in the unique index until the winner has committed, and then finds them made.
_MAKE = """
do $$
declare
    wanted text;
    tries int;
begin
    foreach wanted in array array[{roles}]
    loop
        tries := 0;
        loop
            begin
                if to_regrole(wanted) is null then
                    execute format('create role %I login', wanted);
                end if;
                -- whoever migrates must be able to work as each of them and to hand schemas over
                if not pg_has_role(current_user, wanted, 'usage')
                    or not exists (
                        select from pg_auth_members as membership
                        where
                            membership.roleid = to_regrole(wanted)
                            and membership.member = to_regrole(quote_ident(current_user))
                            -- from PostgreSQL 16 on whoever makes a role may only administer it
                            and to_jsonb(membership) ->> 'set_option' is distinct from 'false'
                    )
                then
                    execute format('grant %I to current_user', wanted);
                end if;
                exit;
            exception
                when unique_violation or duplicate_object or internal_error then
                    tries := tries + 1;
                    if tries >= 20 then
                        raise;
                    end if;
            end;
        end loop;
    end loop;
end
$$
"""

_ROLES = ("study_ingest", "study_transform", "study_bi", "study_audit")

_SCHEMAS = (
    "create schema raw",
    "create schema quality",
    "create schema audit",
    # ops is there already: it holds Alembic's own table
    "create schema staging authorization study_transform",
    "create schema intermediate authorization study_transform",
    "create schema marts authorization study_transform",
    "create schema live authorization study_transform",
)


def make_roles(*names: str) -> str:
    """The statement that makes roles where the server has none yet, for whoever migrates to work
    as each.
    """
    return _MAKE.format(roles=", ".join(f"'{name}'" for name in names))


def upgrade() -> None:
    """Make the roles and their schemas."""
    op.execute(make_roles(*_ROLES))
    for statement in _SCHEMAS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
