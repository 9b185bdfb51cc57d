"""Migrated, empty stores: one SQLite file a test, one PostgreSQL database a session that is emptied for each test."""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url, text

from bus import logs
from bus.store.schema import upgrade
from bus.store.tables import metadata
from bus.store.unit_of_work import SqlStore


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """Log lines as the bus writes them: a traceback with every local variable would take seconds."""
    logs.configure("ERROR", as_json=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("template") / "store.db"
    store = SqlStore.open(f"sqlite:///{file}")
    upgrade(store.engine)
    store.close()
    return file


@pytest.fixture(scope="session")
def postgres_session_url(postgres_server: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this test session."""
    name = f"ledgerbus_session_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
    url = make_url(postgres_server).set(drivername="postgresql+psycopg", database=name)
    shown = url.render_as_string(hide_password=False)
    store = SqlStore.open(shown)
    upgrade(store.engine)
    store.close()
    yield shown
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def empty(store: SqlStore) -> None:
    """Take everything out of a store on PostgreSQL, past its triggers."""
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with store.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store on SQLite."""
    shutil.copy(sqlite_template, tmp_path / "store.db")
    store = SqlStore.open(f"sqlite:///{tmp_path}/store.db")
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres_session_url: str) -> Iterator[SqlStore]:
    """An empty store on PostgreSQL."""
    store = SqlStore.open(postgres_session_url)
    empty(store)
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> SqlStore:
    """An empty, migrated store: the test runs once on SQLite and once on PostgreSQL."""
    opened: SqlStore = request.getfixturevalue(f"{request.param}_store")
    return opened
