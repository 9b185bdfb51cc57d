"""Exports of the journal for other programs."""

from collections.abc import Iterator
from pathlib import Path

from bus.bootstrap import Runtime
from bus.exporting.hledger import write_hledger
from bus.pipeline.deliver import ledger_posting
from bus.ports import LedgerPosting


def export_hledger(runtime: Runtime, directory: Path) -> list[Path]:
    """Write one hledger journal a company and book that has vouchers; the files written."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    with runtime.store.read() as uow:
        books = sorted({(company, book) for company, book, *_ in uow.totals.balances()})
    for company, book in books:
        file = directory / f"{company}-{book}.journal"
        write_hledger(file, company, book, _postings(runtime, company, book))
        written.append(file)
    return written


def _postings(runtime: Runtime, company: str, book: str) -> Iterator[LedgerPosting]:
    with runtime.store.read() as uow:
        for voucher in uow.ledger.stream(company, book):
            yield ledger_posting(runtime.books, voucher.entry.entry_id, voucher)
