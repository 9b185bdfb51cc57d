"""Migrations: from nothing, twice, at once; what they make is what the tables say, and the golden files show it."""

import os
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from bus.store.schema import is_current, upgrade
from bus.store.tables import metadata
from bus.store.unit_of_work import SqlStore
from tests.store.processes import side_by_side
from tests.store.schema_text import schema_text

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def test_a_store_is_migrated_from_nothing_and_again(store_url: str) -> None:
    store = SqlStore.open(store_url)
    with store.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() is None
    upgrade(store.engine)
    upgrade(store.engine)
    assert is_current(store.engine)
    with store.read() as uow:
        assert uow.totals.unfinished() == {}
    store.close()


def test_processes_that_migrate_at_once_all_end_well(store_url: str) -> None:
    side_by_side("migrate", store_url)
    store = SqlStore.open(store_url)
    assert is_current(store.engine)
    store.close()


def test_a_migration_that_fails_leaves_nothing_behind(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is in the way of the first migration."""
    store = SqlStore.open(store_url)
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE journal_line (x INTEGER)"))
    with pytest.raises(Exception, match="journal_line"):
        upgrade(store.engine)
    with store.engine.begin() as connection:
        connection.execute(text("DROP TABLE journal_line"))
    upgrade(store.engine)
    assert is_current(store.engine)
    store.close()


def test_the_schema_is_what_the_tables_say(store: SqlStore) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_table_that_no_migration_makes_is_caught(sqlite_store: SqlStore) -> None:
    with sqlite_store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE inbox DROP COLUMN voucher"))
        connection.execute(text("DROP INDEX ix_inbox_due"))
    with sqlite_store.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    assert {difference[0] for difference in found} == {"add_column", "add_index"}


def test_the_golden_file_shows_the_schema(store: SqlStore) -> None:
    golden = GOLDEN / f"schema-{store.engine.dialect.name}.sql"
    made = schema_text(store.engine)
    if os.environ.get("LEDGERBUS_WRITE_GOLDEN"):
        golden.write_text(made)
    assert golden.read_text() == made, "LEDGERBUS_WRITE_GOLDEN=1 writes it anew; the difference is the review"
