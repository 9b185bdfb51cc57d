"""A Beancount 3 ledger in plain files: <directory>/<company>/<book>/{main,accounts,<period>}.beancount.

Settings: `directory`; `lock_timeout_seconds` (default 10), how long to wait for another writer.
"""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.ledgerfiles.answers import answer, refusal, rejected
from adapters.ledgerfiles.batches import make_directories
from adapters.ledgerfiles.beancount_book import BeancountBook
from adapters.ledgerfiles.beancount_text import Written
from adapters.ledgerfiles.lock import directory_lock
from bus.errors import Invalid, Permanent, Transient
from bus.ports import DeliveryResult, FinanceAdapter, FinanceDescription, LedgerPosting, Outcome

_SAFE_NAME = re.compile(r"[^\W_][\w.-]{0,47}")
_OUR_FILES = {"main", "accounts"}


class BeancountAdapter:
    """The FinanceAdapter port over the files. Posting ids are found again from the files themselves."""

    def __init__(self, directory: Path, lock_timeout_seconds: float) -> None:
        self._directory = directory
        self._timeout = lock_timeout_seconds
        self._books: dict[tuple[str, str], BeancountBook] = {}
        with self._current():
            pass

    def describe(self) -> FinanceDescription:
        """Finds by posting id; takes red lines as they are."""
        return FinanceDescription(
            "beancount", finds_by_posting_id=True, takes_negative_lines=True, real_system_tested=True
        )

    def look_up(self, posting_ids: Sequence[str]) -> dict[str, DeliveryResult]:
        """See FinanceAdapter; what is there is ALREADY_POSTED. Raises Permanent LEDGER_FILE_DAMAGED too."""
        with self._current():
            entries = self._entries()
            return {
                posting_id: DeliveryResult(posting_id, Outcome.ALREADY_POSTED, entries[posting_id].reference)
                for posting_id in posting_ids
                if posting_id in entries
            }

    def post(self, postings: Sequence[LedgerPosting]) -> list[DeliveryResult]:
        """See FinanceAdapter. A file that cannot be written makes its own postings TRANSIENT and no others.

        Raises Transient LEDGER_LOCKED or LEDGER_IO_FAILED and Permanent LEDGER_FILE_DAMAGED before anything is written.
        """
        with self._current():
            refused = [_refusal(posting) for posting in postings]
            entries = self._entries()
            new: dict[str, LedgerPosting] = {}
            for posting, verdict in zip(postings, refused, strict=True):
                if verdict is None and posting.posting_id not in entries:
                    new.setdefault(posting.posting_id, posting)
            failed = self._write(list(new.values()))
            entries = self._entries()
            return [
                verdict or failed.get(posting.posting_id) or _present(posting, entries, new)
                for posting, verdict in zip(postings, refused, strict=True)
            ]

    def close(self) -> None:
        """Forget what was read; no file stays open between calls."""
        self._books.clear()

    @contextmanager
    def _current(self) -> Iterator[None]:
        try:
            make_directories(self._directory)
            with directory_lock(self._directory, self._timeout):
                self._refresh()
                yield
        except OSError as error:
            raise Transient(
                "LEDGER_IO_FAILED", error.strerror or "input or output failed", str(error.filename or "")
            ) from error

    def _refresh(self) -> None:
        if any(book.is_replaced() for book in self._books.values()):
            self._books.clear()
        for main in sorted(self._directory.glob("*/*/main.beancount")):
            self._book(main.parent.parent.name, main.parent.name)
        for book in self._books.values():
            book.refresh()

    def _book(self, company: str, name: str) -> BeancountBook:
        return self._books.setdefault((company, name), BeancountBook(self._directory, company, name))

    def _entries(self) -> Mapping[str, Written]:
        return ChainMap(*(book.entries for book in self._books.values()))

    def _write(self, postings: Sequence[LedgerPosting]) -> dict[str, DeliveryResult]:
        files: dict[tuple[str, str, str], list[LedgerPosting]] = {}
        for posting in postings:
            files.setdefault((posting.company, posting.book, posting.period), []).append(posting)
        failed: dict[str, DeliveryResult] = {}
        for (company, name, period), group in files.items():
            book = self._book(company, name)
            try:
                book.refresh()
                book.append(period, group)
            except (OSError, Permanent) as error:
                failed |= {posting.posting_id: _failure(posting.posting_id, error) for posting in group}
        return failed


def _refusal(posting: LedgerPosting) -> DeliveryResult | None:
    try:
        _check_place(posting)
    except Invalid as error:
        return rejected(posting.posting_id, error)
    return refusal(posting)


def _failure(posting_id: str, error: OSError | Permanent) -> DeliveryResult:
    if isinstance(error, Permanent):
        return DeliveryResult(posting_id, Outcome.REJECTED, code=error.code, message=str(error))
    return DeliveryResult(posting_id, Outcome.TRANSIENT, code="LEDGER_IO_FAILED", message=error.strerror)


def _present(posting: LedgerPosting, entries: Mapping[str, Written], new: dict[str, LedgerPosting]) -> DeliveryResult:
    entry = entries[posting.posting_id]
    return answer(posting, entry.content, entry.reference, new)


def _check_place(posting: LedgerPosting) -> None:
    for field in ("company", "book", "period"):
        name: str = getattr(posting, field)
        if not _SAFE_NAME.fullmatch(name) or name.lower() in _OUR_FILES:
            raise Invalid("NAME_UNSAFE", f"the {field} cannot name a file", f"/{field}")


def open_adapter(settings: Mapping[str, str]) -> FinanceAdapter:
    """The ledger in settings["directory"], made if absent, torn tails cut off.

    Raises Transient LEDGER_LOCKED or LEDGER_IO_FAILED, Permanent LEDGER_FILE_DAMAGED.
    """
    return BeancountAdapter(Path(settings["directory"]), float(settings.get("lock_timeout_seconds", "10")))
