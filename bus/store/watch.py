"""Watch: notice that somebody committed work, without asking again and again.

PostgreSQL tells (NOTIFY comes with the commit of the rows); SQLite's data version is read every few milliseconds, which
takes no lock and costs next to nothing. It is a wake-up only: who waits here asks the store, and also when nothing was
heard for a while.
"""

import sqlite3
import time
from contextlib import suppress
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine

CHANNEL: Final = "ledgerbus_work"
_LOOK_EVERY: Final = 0.002


def announce_work(connection: Connection) -> None:
    """Have everybody who watches woken when this transaction commits."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")


class Watch:
    """One watcher, for one thread. A store that is away is waited for in silence."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None
        self._seen = -1

    def wait(self, seconds: float) -> None:
        """Return when work was committed since the last call, or after so many seconds."""
        deadline = time.monotonic() + seconds
        try:
            if self._engine.dialect.name == "postgresql":
                self._listen(seconds)
            else:
                self._look(deadline)
        except (psycopg.Error, sqlite3.Error):
            self.close()
            time.sleep(max(deadline - time.monotonic(), 0.0))

    def close(self) -> None:
        """Release the connection."""
        if self._connection is not None:
            with suppress(psycopg.Error, sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _listen(self, seconds: float) -> None:
        if self._connection is None:
            arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
            self._connection = psycopg.connect(*arguments, **options, autocommit=True)
            self._connection.execute(f"LISTEN {CHANNEL}")
        next(self._connection.notifies(timeout=seconds, stop_after=1), None)

    def _look(self, deadline: float) -> None:
        if self._connection is None:
            self._connection = sqlite3.connect(str(self._engine.url.database), check_same_thread=False)
        while (version := self._version()) == self._seen and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY)
        self._seen = version

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
