"""One book of one company as Beancount files: main, accounts, and a file a period."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from adapters.ledgerfiles.batches import BatchFile, make_directories
from adapters.ledgerfiles.beancount_text import (
    Written,
    account_name,
    currencies_in,
    currency_text,
    entries_in,
    entry_text,
    header_text,
    include_text,
    open_text,
    opened_in,
    periods_in,
)
from bus.errors import Permanent
from bus.ports import LedgerPosting


class BeancountBook:
    """What a book's files hold, kept in step by reading only what was appended since.

    `entries` maps a posting id to its reference and content hash. The caller holds the directory's lock.
    """

    def __init__(self, directory: Path, company: str, book: str) -> None:
        self.company, self.book = company, book
        self.entries: dict[str, Written] = {}
        self._directory = directory / company / book
        self._main = BatchFile(self._directory / "main.beancount")
        self._accounts = BatchFile(self._directory / "accounts.beancount")
        self._periods: dict[str, BatchFile] = {}
        self._opened: set[str] = set()
        self._currencies: set[str] = set()

    def is_replaced(self) -> bool:
        """Whether a file was exchanged or shortened by someone else, so that all must be read again."""
        return any(file.is_replaced() for file in (self._main, self._accounts, *self._periods.values()))

    def refresh(self) -> None:
        """Read what is new. Raises Permanent LEDGER_FILE_DAMAGED, also for a period file that is listed but gone."""
        self._main.read_new(self._take_main)
        self._accounts.read_new(lambda block: self._opened.update(opened_in(block)))
        for period, file in self._periods.items():
            file.read_new(partial(self._take_entries, period))
            if file.inode is None:
                raise Permanent("LEDGER_FILE_DAMAGED", "the main file includes a file that is gone", file.path.name)

    def _take_main(self, block: bytes) -> None:
        self._currencies.update(currencies_in(block))
        for period in periods_in(block):
            self._periods[period] = BatchFile(self._path(period))

    def _take_entries(self, period: str, block: bytes) -> None:
        self.entries.update(entries_in(block, f"{self.company}/{self.book}/{period}.beancount"))

    def append(self, period: str, postings: Sequence[LedgerPosting]) -> None:
        """Write the postings of one period in one durable append, what they refer to first.

        Raises OSError, and Permanent LEDGER_FILE_DAMAGED.
        """
        make_directories(self._directory)
        self._declare(period, postings)
        block = "".join(entry_text(posting) for posting in postings).encode()
        self._periods[period].append(block, len(postings))
        self._take_entries(period, block)

    def _declare(self, period: str, postings: Sequence[LedgerPosting]) -> None:
        lines = {account_name(line): line for posting in postings for line in posting.lines}
        opens = [open_text(account, line) for account, line in lines.items() if account not in self._opened]
        if opens:
            self._accounts.append("".join(opens).encode(), len(opens))
            self._opened.update(lines)
        currencies = {posting.currency for posting in postings} - self._currencies
        texts = [] if self._main.size else [header_text(self.company, self.book)]
        texts += [currency_text(currency) for currency in sorted(currencies)]
        file = self._periods.get(period) or self._new_period(period)
        if period not in self._periods:
            texts.append(include_text(period))
        if texts:
            self._main.append("".join(texts).encode(), len(texts))
        self._currencies |= currencies
        self._periods[period] = file

    def _new_period(self, period: str) -> BatchFile:
        """An empty file: what is included must exist, and no entry may stand in a file that is not included."""
        path = self._path(period)
        if path.exists() and path.stat().st_size:
            raise Permanent("LEDGER_FILE_DAMAGED", "the main file does not include a file that has entries", path.name)
        file = BatchFile(path)
        file.create()
        return file

    def _path(self, period: str) -> Path:
        return self._directory / f"{period}.beancount"
