"""Connections: SQLite in WAL mode with full synchronisation, PostgreSQL with synchronous commit."""

from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

READ_ONLY: Final = "ledgerbus_read_only"
WHOLE_TABLE_PLANS: Final = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
_BUSY_SECONDS: Final = 60
# A server that vanished without a word: probed after 5 s of silence, every 5 s, three times; bytes that nobody
# acknowledges end the connection after 15 s. libpq's own default waits for hours.
_PATIENCE: Final[dict[str, int]] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def open_engine(url: str) -> Engine:
    """An engine for "sqlite:///path" or "postgresql://…" (psycopg 3), set up so that a commit survives a power cut."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        connect_args={name: value for name, value in _PATIENCE.items() if name not in parsed.query},
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=10,
    )
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """Plan for batches: a few hundred keys against tables of any size are looked up, never scanned or hashed.

    A batch comes in as JSON, of which the planner knows no size, into tables that grow faster than their statistics:
    left to itself it reads whole tables, and a document costs more the more there are.
    """
    with connection.cursor() as cursor:
        for flag in WHOLE_TABLE_PLANS:
            cursor.execute(f"SET {flag} = off")
    connection.commit()


def plan_for_whole_tables(connection: Connection) -> None:
    """For the rest of this transaction, plan as sums over whole tables want it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("; ".join(f"SET LOCAL {flag} = on" for flag in WHOLE_TABLE_PLANS))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_SECONDS * 1000}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # SELECT … FOR UPDATE compiles to nothing on SQLite: a writing unit of work takes the write lock at its start.
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
