"""Writing past the guards of a store, as somebody with all rights in the database can."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from bus.store.unit_of_work import SqlStore


@contextmanager
def past_the_triggers(store: SqlStore) -> Iterator[Connection]:
    """What somebody with all rights in the database can do."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        yield connection
