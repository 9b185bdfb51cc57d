"""Trace: everything about one document, from its events to what the ledgers confirmed, as one JSON object."""

from typing import Any

from bus.accounting.journal import DEBIT
from bus.errors import BusError
from bus.money import format_minor
from bus.pipeline.booking import Books
from bus.records import Voucher
from bus.store_port import Store, UnitOfWork


class Trace:
    """The use case of `ledgerbus trace` and GET /documents."""

    def __init__(self, store: Store, books: Books) -> None:
        self._store = store
        self._books = books

    def find(self, key: str) -> list[tuple[str, str]]:
        """(company, document) of the documents with this key."""
        with self._store.read() as uow:
            return uow.traces.find(key)

    def __call__(self, company: str, document: str) -> dict[str, Any] | None:
        """Events with their outcome, vouchers with every line explained, postings, exceptions; None if unknown."""
        with self._store.read() as uow:
            events = uow.traces.events(company, document)
            if not events and (company, document) not in uow.traces.find(document):
                return None
            vouchers = uow.ledger.of_document(company, document)
            return {
                "company": company,
                "document": document,
                "events": [_event(event) for event in events],
                "vouchers": [self._voucher(voucher) for voucher in vouchers],
                "postings": self._postings(uow, company, document, vouchers),
                "exceptions": [_exception(row) for row in uow.traces.exceptions(company, document)],
            }

    def _postings(self, uow: UnitOfWork, company: str, document: str, vouchers: list[Voucher]) -> list[dict[str, Any]]:
        names = {voucher.entry.entry_id: voucher.name for voucher in vouchers}
        kept = ("posting_id", "target", "state", "attempts", "reference", "code", "message", "settled_at")
        return [
            {"voucher": names[row["entry_id"]], **{name: row[name] for name in kept}}
            for row in uow.traces.postings(company, document)
        ]

    def _voucher(self, voucher: Voucher) -> dict[str, Any]:
        entry = voucher.entry
        return {
            "voucher": voucher.name,
            "book": entry.book,
            "period": voucher.period,
            "accounting_date": entry.accounting_date.isoformat(),
            "original_date": voucher.original_date.isoformat(),
            "text": entry.text,
            "event_id": voucher.event_id,
            "part": entry.part,
            "rule": f"{entry.rule}@{entry.rule_version}",
            "pack_hash": entry.pack_hash,
            "reverses": voucher.reverses,
            "hash": voucher.hash,
            "previous_hash": voucher.previous_hash,
            "entry_id": entry.entry_id,
            "lines": [self._line(voucher, place) for place in range(len(entry.lines))],
        }

    def _line(self, voucher: Voucher, place: int) -> dict[str, Any]:
        line = voucher.entry.lines[place]
        try:
            account = self._books.account(voucher.company, voucher.entry.book, line.account)
            names = {"account_name": account.name_en, "account_name_zh": account.name_zh}
        except BusError:  # the chart has dropped the account since
            names = {"account_name": line.account, "account_name_zh": line.account}
        amount = format_minor(line.amount, line.currency)
        return {
            "line": line.line_id,
            "account": line.account,
            **names,
            "debit": amount if line.side == DEBIT else None,
            "credit": None if line.side == DEBIT else amount,
            "currency": line.currency,
            "dims": line.dims,
            "text": line.text,
            "explain": line.explain,
        }


def _event(row: dict[str, Any]) -> dict[str, Any]:
    kept = (
        "source", "event_id", "type", "sequence", "state", "reason", "voucher", "queue", "attempts", "hash",
        "correlation_id", "received_at", "settled_at",
    )  # fmt: skip
    return {**{name: row[name] for name in kept}, "time": row["payload"]["time"], "data": row["payload"]["data"]}


def _exception(row: dict[str, Any]) -> dict[str, Any]:
    amount = None if row["amount"] is None else format_minor(row["amount"], row["currency"])
    kept = ("code", "state", "cause", "message", "detail", "remedy", "currency", "opened_at", "closed_at")
    return {**{name: row[name] for name in kept}, "amount": amount}
