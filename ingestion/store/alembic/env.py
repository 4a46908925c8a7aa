"""Alembic's entry: run the migrations on the connection that `upgrade` hands over.

The caller owns the transaction, so all migrations of one run are applied or none.
"""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=None,
    version_table=attributes["version_table"],
    version_table_schema=attributes["version_table_schema"],
)
with context.begin_transaction():
    context.run_migrations()
