"""What a posting says: its content hash, and the checks that every file or table target makes before it writes."""

import hashlib
import re
from dataclasses import fields
from datetime import date
from typing import Final

from bus.errors import Invalid
from bus.message import canonical_json
from bus.money import minor_digits
from bus.ports import LedgerPosting

FIRST_DATE: Final = date(1970, 1, 1)
ACCOUNT_TYPES: Final = frozenset({"asset", "contra_asset", "liability", "equity", "income", "expense", "memo"})

_POSTING_ID = re.compile(r"[0-9A-Za-z._:/+=-]{1,200}")
_INT64 = 2**63
_FIELDS: Final = tuple(field.name for field in fields(LedgerPosting))


def content_hash(posting: LedgerPosting) -> str:
    """SHA-256, hex, over place, date, currency and lines (account, sides, dimensions).

    Texts and account names stay out: a renamed account is not another posting.
    """
    said = {
        "company": posting.company,
        "book": posting.book,
        "period": posting.period,
        "date": posting.accounting_date.isoformat(),
        "currency": posting.currency,
        "lines": [
            [line.account, line.account_type, line.debit, line.credit, line.dimensions] for line in posting.lines
        ],
    }
    return hashlib.sha256(canonical_json(said)).hexdigest()


def check_posting(posting: LedgerPosting) -> None:
    """Raises Invalid when the posting may not be written.

    Codes: POSTING_INVALID, CURRENCY_INVALID, ACCOUNT_TYPE_UNKNOWN, UNBALANCED.
    """
    if not _POSTING_ID.fullmatch(posting.posting_id):
        raise Invalid("POSTING_INVALID", "the posting id is not 1 to 200 plain characters", "/posting_id")
    if posting.accounting_date < FIRST_DATE:
        raise Invalid("POSTING_INVALID", f"the date lies before {FIRST_DATE}", "/accounting_date")
    if not posting.lines:
        raise Invalid("POSTING_INVALID", "the posting has no lines", "/lines")
    if not _writable(posting):
        raise Invalid("POSTING_INVALID", "a text holds a NUL or half a character")
    minor_digits(posting.currency)
    for index, line in enumerate(posting.lines):
        if line.account_type not in ACCOUNT_TYPES:
            where = f"/lines/{index}/account_type"
            raise Invalid("ACCOUNT_TYPE_UNKNOWN", f"no such account type: {line.account_type!r}", where)
        _check_sides(line.debit, line.credit, f"/lines/{index}")
    debit, credit = (sum(side) for side in zip(*((line.debit, line.credit) for line in posting.lines), strict=True))
    if debit != credit:
        raise Invalid("UNBALANCED", f"debits {debit} and credits {credit} differ, in minor units", "/lines")


def _check_sides(debit: int, credit: int, where: str) -> None:
    if type(debit) is not int or type(credit) is not int or max(abs(debit), abs(credit)) >= _INT64:
        raise Invalid("POSTING_INVALID", "an amount is not an integer of 64 bits", where)
    if debit and credit:
        raise Invalid("POSTING_INVALID", "a line has a debit and a credit", where)


def _writable(posting: LedgerPosting) -> bool:
    texts = [value for value in (getattr(posting, name) for name in _FIELDS) if isinstance(value, str)]
    for line in posting.lines:
        texts += [line.account, line.account_name, line.account_type, line.text]
        texts += [part for pair in line.dimensions.items() for part in pair]
    whole = "".join(texts)
    return "\0" not in whole and whole == whole.encode("utf-8", "ignore").decode()
