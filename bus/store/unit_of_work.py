"""A unit of work is one database transaction: what it wrote is there when it ends well, or nothing of it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from bus.errors import Permanent, Transient
from bus.store.answers import SqlAnswers
from bus.store.copies import SqlCopies
from bus.store.documents import SqlDocuments
from bus.store.engine import READ_ONLY, open_engine
from bus.store.exceptions import SqlExceptions
from bus.store.inbox import SqlInbox
from bus.store.journal import SqlJournal
from bus.store.ledger import SqlLedger
from bus.store.packs import SqlPacks
from bus.store.parked import SqlParked
from bus.store.periods import SqlPeriods
from bus.store.postings import SqlPostings
from bus.store.quarantine import SqlQuarantine
from bus.store.totals import SqlTotals
from bus.store.traces import SqlTraces
from bus.store.watch import Watch

_UNDONE: Final = ("40001", "40P01")  # SQLSTATE of serialization_failure and deadlock_detected


class SqlUnitOfWork:
    """The store's tables by noun, all over one connection and one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.inbox = SqlInbox(connection)
        self.parked = SqlParked(connection)
        self.copies = SqlCopies(connection)
        self.documents = SqlDocuments(connection)
        self.periods = SqlPeriods(connection)
        self.journal = SqlJournal(connection)
        self.ledger = SqlLedger(connection)
        self.postings = SqlPostings(connection)
        self.answers = SqlAnswers(connection)
        self.exceptions = SqlExceptions(connection)
        self.packs = SqlPacks(connection)
        self.quarantine = SqlQuarantine(connection)
        self.totals = SqlTotals(connection)
        self.traces = SqlTraces(connection)


class SqlStore:
    """A store on SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> "SqlStore":
        """The store at "sqlite:///path" or "postgresql://…"; connects when it is first used."""
        return cls(open_engine(url))

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """A writing unit of work. When it raises, nothing was written.

        Raises Transient STORE_CONFLICT or STORE_UNAVAILABLE, and Permanent STORE_REFUSED for what no column holds.
        """
        with _translated(), self.engine.begin() as connection:
            yield SqlUnitOfWork(connection)

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """A reading unit of work over one snapshot; it waits for no writer."""
        options: dict[str, Any] = {READ_ONLY: True}
        if self.engine.dialect.name == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"
        with _translated(), self.engine.connect().execution_options(**options) as connection:
            yield SqlUnitOfWork(connection)

    def watch(self) -> Watch:
        """A watcher of committed work, for one thread."""
        return Watch(self.engine)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Transient("STORE_CONFLICT", type(error.orig).__name__) from error
    except OperationalError as error:
        # One of two units of work that waited for each other was undone: the store is there, and a new try may pass.
        deadlock = getattr(error.orig, "sqlstate", None) in _UNDONE
        raise Transient("STORE_CONFLICT" if deadlock else "STORE_UNAVAILABLE", type(error.orig).__name__) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Transient("STORE_UNAVAILABLE", type(error.orig).__name__) from error
        raise Permanent("STORE_REFUSED", type(error.orig).__name__) from error
