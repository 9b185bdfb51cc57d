"""The hash chain: a voucher's hash covers its content and the hash of the voucher before it in its run of numbers."""

import hashlib
from datetime import date
from typing import Final

from bus.accounting.journal import JournalEntry, JournalLine
from bus.message import canonical_json

START: Final = "0" * 64


def voucher_hash(
    previous: str,
    entry: JournalEntry,
    *,
    company: str,
    source: str,
    event_id: str,
    period: str,
    number: int,
    accounting_date: date,
    text: str,
) -> str:
    """SHA-256, hex, over RFC 8785 canonical JSON of everything an auditor may rely on.

    `accounting_date` and `text` are as booked: the period policy may move the date, and numbering completes the text.
    """
    content = [
        previous,
        [company, entry.book, period, entry.word, number],
        [source, event_id, entry.part, entry.event_type, entry.document, entry.life_key],
        [entry.rule, entry.rule_version, entry.pack_hash, entry.reverses, list(entry.requires)],
        [accounting_date.isoformat(), entry.accounting_date.isoformat(), text, entry.currency],
        [_said(line) for line in entry.lines],
    ]  # fmt: skip
    return hashlib.sha256(canonical_json(content)).hexdigest()


def _said(line: JournalLine) -> list[object]:
    amounts = [line.amount, line.currency, line.base_amount]
    return [line.line_id, line.side, line.account, *amounts, line.dims, line.text, line.explain]
