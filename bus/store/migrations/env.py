"""Alembic's entry: migrates the connection that bus.store.schema hands over."""

from alembic import context

from bus.store import governance_tables, quarantine  # noqa: F401 - their tables belong to the schema
from bus.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=False,
    transactional_ddl=True,
)
context.run_migrations()
