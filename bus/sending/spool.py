"""A publisher's own copies of events that the bus has not answered yet: one SQLite file, every commit on disk.

A row is there from before `publish` returns until the receipt has come. Rows of one document are handed out one at a
time, so that a later event never overtakes an earlier one.
"""

import fcntl
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

import orjson

from bus.errors import Invalid, Permanent

_BATCH: Final = 4 * 1024 * 1024

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outgoing (
    n INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
    body BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, UNIQUE (source, id));
CREATE INDEX IF NOT EXISTS outgoing_document ON outgoing (document, n);
CREATE INDEX IF NOT EXISTS outgoing_due ON outgoing (due, n);
CREATE TABLE IF NOT EXISTS refused (
    n INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, receipt BLOB NOT NULL);
"""
# The first of each document that is due; nothing of a document whose first is on its way.
_DUE: Final = """
SELECT n, body FROM outgoing o WHERE due <= ? AND NOT EXISTS
    (SELECT 1 FROM outgoing p WHERE p.document = o.document AND p.n < o.n)
ORDER BY due, n LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event to be spooled: who it is, the document it belongs to, and its bytes (JSON)."""

    source: str
    id: str
    document: str
    body: bytes


class Spool:
    """The spool in a directory. One process at a time; safe to share between its threads."""

    def __init__(self, directory: Path) -> None:
        """Open it, or make it. Raises Permanent SPOOL_BUSY where another process has it, SPOOL_FAILED."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._hold = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._hold)
            raise Permanent("SPOOL_BUSY", f"another process publishes from {directory}") from None
        self._lock = threading.Lock()
        try:
            self._rows = sqlite3.connect(directory / "spool.db", isolation_level=None, check_same_thread=False)
            with _failures():
                self.name = self._prepare()
        except BaseException:
            os.close(self._hold)
            raise

    def _prepare(self) -> str:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._rows.execute(f"PRAGMA {pragma}")
        self._rows.executescript(_TABLES)
        self._rows.execute("INSERT OR IGNORE INTO meta VALUES ('name', ?)", (secrets.token_hex(4),))
        # Whatever was on its way when the process ended is sent again at once.
        self._rows.execute("UPDATE outgoing SET tries = 0, due = 0")
        return str(self._rows.execute("SELECT value FROM meta WHERE name = 'name'").fetchone()[0])

    def add(self, parcels: Sequence[Parcel]) -> None:
        """Keep events; on disk when this returns, all or none. One that waits already with the same bytes is kept once.

        Raises Invalid EVENT_CONFLICT for a source and id that waits with other bytes, Permanent SPOOL_FAILED.
        """
        with self._writing() as rows:
            for parcel in parcels:
                key = (parcel.source, parcel.id)
                waiting = rows.execute("SELECT body FROM outgoing WHERE source = ? AND id = ?", key).fetchone()
                if waiting is None:
                    rows.execute("DELETE FROM refused WHERE source = ? AND id = ?", key)
                    rows.execute(
                        "INSERT INTO outgoing (source, id, document, body) VALUES (?, ?, ?, ?)",
                        (*key, parcel.document, parcel.body),
                    )
                elif waiting[0] != parcel.body:
                    raise Invalid("EVENT_CONFLICT", "this source and id waits in the spool with other content", "/id")

    def due(self, now: float, window: int, most: int) -> list[tuple[int, bytes]]:
        """Up to `most` events (number, bytes), 4 MiB, to send now, while fewer than `window` are on their way."""
        with self._reading() as rows:
            [on_their_way] = rows.execute("SELECT COUNT(*) FROM outgoing WHERE due > ?", (now,)).fetchone()
            found = rows.execute(_DUE, (now, min(most, max(0, window - on_their_way)))).fetchall()
        sizes = accumulate(len(body) for _, body in found)
        return [row for place, (row, size) in enumerate(zip(found, sizes, strict=True)) if place == 0 or size <= _BATCH]

    def sent(self, numbers: Sequence[int], now: float, first_wait: float, longest_wait: float) -> None:
        """They are on their way; due again after `first_wait` seconds, twice as long each time up to `longest_wait`."""
        with self._writing() as rows:
            rows.executemany(
                "UPDATE outgoing SET tries = tries + 1, due = ? + MIN(? * (1 << MIN(tries, 10)), ?) WHERE n = ?",
                [(now, first_wait, longest_wait, n) for n in numbers],
            )

    def answered(self, receipts: Sequence[tuple[int, dict[str, str]]]) -> list[tuple[bytes, dict[str, str]]]:
        """Let go of events by number; refused ones are kept apart. (Bytes, receipt) of those that still waited."""
        settled = []
        with self._writing() as rows:
            for n, receipt in receipts:
                row = rows.execute("DELETE FROM outgoing WHERE n = ? RETURNING source, id, body", (n,)).fetchone()
                if row is None:
                    continue  # answered before
                if is_refused(receipt):
                    rows.execute("INSERT INTO refused VALUES (?, ?, ?, ?, ?)", (n, *row, orjson.dumps(receipt)))
                settled.append((row[2], receipt))
        return settled

    def pending(self) -> int:
        """How many events wait for their receipt."""
        with self._reading() as rows:
            return int(rows.execute("SELECT COUNT(*) FROM outgoing").fetchone()[0])

    def refused(self) -> list[tuple[bytes, dict[str, str]]]:
        """Events that the bus refused, with their receipts; each until its source and id is published again."""
        with self._reading() as rows:
            found = rows.execute("SELECT body, receipt FROM refused ORDER BY n").fetchall()
        return [(body, orjson.loads(receipt)) for body, receipt in found]

    def close(self) -> None:
        """Let another process have it."""
        with self._lock:
            self._rows.close()
            os.close(self._hold)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _failures():
            yield self._rows

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _failures():
            self._rows.execute("BEGIN IMMEDIATE")
            try:
                yield self._rows
                self._rows.execute("COMMIT")
            except BaseException:
                if self._rows.in_transaction:
                    self._rows.execute("ROLLBACK")
                raise


def is_refused(receipt: dict[str, str]) -> bool:
    """Whether a receipt says that the event was not taken."""
    return receipt.get("outcome") in ("invalid", "conflict")


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Permanent("SPOOL_FAILED", f"the spool cannot be read or written: {type(error).__name__}") from error
