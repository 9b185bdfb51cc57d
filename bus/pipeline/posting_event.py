"""Postings as they travel on ledger.postings: CloudEvents 1.0, amounts as text."""

from typing import Any, Final

from bus.message import SCHEMA_PREFIX, SPEC_VERSION, canonical_json
from bus.money import format_minor
from bus.ports import LedgerLine, LedgerPosting

POSTING_TYPE: Final = "ledger.posting.v1"
_SCHEMA: Final = f"{SCHEMA_PREFIX}ledger.posting:v1"


def posting_event(posting: LedgerPosting, *, replay: bool = False) -> dict[str, Any]:
    """The structured-mode CloudEvent of a posting: `id` is the posting id, `data` keeps schemas/ledger/posting.v1.json.

    `replay` marks one that is sent again on request; a consumer treats it like any other.
    """
    attributes = {
        "specversion": SPEC_VERSION,
        "id": posting.posting_id,
        "source": f"urn:ledgerbus:ledger:{posting.company}:{posting.book}",
        "type": POSTING_TYPE,
        "subject": posting.document,
        "company": posting.company,
        "correlationid": posting.event_id,
        "datacontenttype": "application/json",
        "dataschema": _SCHEMA,
        "data": _data(posting),
    }
    return attributes | {"replay": True} if replay else attributes


def posting_body(posting: LedgerPosting, *, replay: bool = False) -> bytes:
    """The same event as bytes."""
    return canonical_json(posting_event(posting, replay=replay))


def _data(posting: LedgerPosting) -> dict[str, Any]:
    return {
        "posting_id": posting.posting_id,
        "company": posting.company,
        "book": posting.book,
        "period": posting.period,
        "word": posting.word,
        "number": posting.number,
        "accounting_date": posting.accounting_date.isoformat(),
        "currency": posting.currency,
        "document": posting.document,
        "event_type": posting.event_type,
        "event_id": posting.event_id,
        "rule": posting.rule,
        "text": posting.text,
        "entry_hash": posting.entry_hash,
        "lines": [_line(line, posting.currency) for line in posting.lines],
        "reverses": posting.reverses,
    }


def _line(line: LedgerLine, currency: str) -> dict[str, Any]:
    return {
        "account": line.account,
        "account_name": line.account_name,
        "account_type": line.account_type,
        "debit": format_minor(line.debit, currency),
        "credit": format_minor(line.credit, currency),
        "dimensions": line.dimensions,
        "text": line.text,
    }
