"""A ledger to try things on: it stores what it is sent, durably, in a SQLite file of its own.

Settings: `file`; `lock_timeout_seconds` (default 10), how long to wait for another writer.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapters.ledgerfiles.answers import answer, refusal
from adapters.ledgerfiles.batches import make_directories
from adapters.ledgerfiles.content import content_hash
from adapters.ledgerfiles.lock import directory_lock
from bus.errors import Permanent, Transient
from bus.message import canonical_json
from bus.ports import DeliveryResult, FinanceAdapter, FinanceDescription, LedgerPosting, Outcome

# Amounts are minor units. No row is ever deleted, so the highest number plus one is the next, without gaps.
_TABLES = (
    "CREATE TABLE IF NOT EXISTS posting (number INTEGER PRIMARY KEY, posting_id TEXT NOT NULL UNIQUE,"
    " content TEXT NOT NULL, company TEXT NOT NULL, book TEXT NOT NULL, period TEXT NOT NULL, voucher TEXT NOT NULL,"
    " accounting_date TEXT NOT NULL, currency TEXT NOT NULL, document TEXT NOT NULL, text TEXT NOT NULL,"
    " event_type TEXT NOT NULL, event_id TEXT NOT NULL, rule TEXT NOT NULL, entry_hash TEXT NOT NULL,"
    " reverses TEXT) STRICT",
    "CREATE TABLE IF NOT EXISTS posting_line (number INTEGER NOT NULL REFERENCES posting, line INTEGER NOT NULL,"
    " account TEXT NOT NULL, account_name TEXT NOT NULL, account_type TEXT NOT NULL, debit INTEGER NOT NULL,"
    " credit INTEGER NOT NULL, dimensions TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (number, line)) STRICT",
)
_FIND = "SELECT posting_id, content, number FROM posting WHERE posting_id IN (SELECT value FROM json_each(?))"
_POSTING_COLUMNS = 16
_LINE_COLUMNS = 9
_Stored = tuple[str, str]  # content hash, reference


class SandboxAdapter:
    """The FinanceAdapter port over one SQLite file; any number of processes may use it at once."""

    def __init__(self, file: Path, lock_timeout_seconds: float) -> None:
        self._file = file
        with self._errors():
            make_directories(file.parent)
            self._connection = sqlite3.connect(file, timeout=lock_timeout_seconds, isolation_level=None)
            self._connection.execute("PRAGMA synchronous = FULL")
            # The switch to WAL fails at once when another process opens the file too; this lock waits.
            with directory_lock(file.parent, lock_timeout_seconds):
                self._connection.execute("PRAGMA journal_mode = WAL")
                for statement in _TABLES:
                    self._connection.execute(statement)

    def describe(self) -> FinanceDescription:
        """Finds by posting id; takes red lines; stands for no real system."""
        return FinanceDescription(
            "sandbox", finds_by_posting_id=True, takes_negative_lines=True, real_system_tested=False
        )

    def look_up(self, posting_ids: Sequence[str]) -> dict[str, DeliveryResult]:
        """See FinanceAdapter; what is there is ALREADY_POSTED."""
        with self._errors():
            return {
                posting_id: DeliveryResult(posting_id, Outcome.ALREADY_POSTED, reference)
                for posting_id, (_, reference) in self._find(posting_ids).items()
            }

    def post(self, postings: Sequence[LedgerPosting]) -> list[DeliveryResult]:
        """See FinanceAdapter; a batch is one transaction with a fixed number of statements, whatever its size."""
        refused = [refusal(posting) for posting in postings]
        sound = [posting for posting, verdict in zip(postings, refused, strict=True) if verdict is None]
        with self._errors(), self._transaction():
            found = self._find([posting.posting_id for posting in sound])
            new: dict[str, LedgerPosting] = {}
            for posting in sound:
                if posting.posting_id not in found:
                    new.setdefault(posting.posting_id, posting)
            if new:
                found |= self._store(list(new.values()))
        return [
            verdict or answer(posting, *found[posting.posting_id], new)
            for posting, verdict in zip(postings, refused, strict=True)
        ]

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def _find(self, posting_ids: Sequence[str]) -> dict[str, _Stored]:
        rows = self._connection.execute(_FIND, (canonical_json(list(posting_ids)).decode(),))
        return {posting_id: (content, _reference(number)) for posting_id, content, number in rows}

    def _store(self, postings: Sequence[LedgerPosting]) -> dict[str, _Stored]:
        first = self._connection.execute("SELECT coalesce(max(number), 0) + 1 FROM posting").fetchone()[0]
        rows = [_row(number, posting) for number, posting in enumerate(postings, first)]
        lines = [line for number, posting in enumerate(postings, first) for line in _lines(number, posting)]
        self._connection.executemany(_insert("posting", _POSTING_COLUMNS), rows)
        self._connection.executemany(_insert("posting_line", _LINE_COLUMNS), lines)
        return {row[1]: (row[2], _reference(row[0])) for row in rows}

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            raise Transient("LEDGER_LOCKED" if busy else "LEDGER_IO_FAILED", str(error), self._file.name) from error
        except OSError as error:
            raise Transient("LEDGER_IO_FAILED", error.strerror or "input or output failed", self._file.name) from error
        except sqlite3.DatabaseError as error:
            raise Permanent("LEDGER_FILE_DAMAGED", str(error), self._file.name) from error


def _row(number: int, posting: LedgerPosting) -> tuple[Any, ...]:
    return (
        number, posting.posting_id, content_hash(posting), posting.company, posting.book, posting.period,
        posting.number, posting.accounting_date.isoformat(), posting.currency, posting.document, posting.text,
        posting.event_type, posting.event_id, posting.rule, posting.entry_hash, posting.reverses,
    )  # fmt: skip


def _lines(number: int, posting: LedgerPosting) -> list[tuple[Any, ...]]:
    return [
        (
            number, index, line.account, line.account_name, line.account_type, line.debit, line.credit,
            canonical_json(line.dimensions).decode(), line.text,
        )
        for index, line in enumerate(posting.lines)
    ]  # fmt: skip


def _insert(table: str, columns: int) -> str:
    marks = ", ".join("?" * columns)
    return f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - names of this file only


def _reference(number: int) -> str:
    return f"SBX-{number}"


def open_adapter(settings: Mapping[str, str]) -> FinanceAdapter:
    """The ledger in settings["file"], made if absent. Raises Transient, and Permanent LEDGER_FILE_DAMAGED."""
    return SandboxAdapter(Path(settings["file"]), float(settings.get("lock_timeout_seconds", "10")))
