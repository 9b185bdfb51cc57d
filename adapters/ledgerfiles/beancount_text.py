"""Postings as Beancount 3 text. Pure: a posting in, lines out, and what our own lines say read back.

Beancount is GPL, so its syntax is written here and its code is never imported.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from adapters.ledgerfiles.content import FIRST_DATE, content_hash
from bus.money import format_minor
from bus.ports import LedgerLine, LedgerPosting

ROOTS: Final = {
    "asset": "Assets",
    "contra_asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
    "memo": "Equity:Memo",
}

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ENTRY = re.compile(
    rb'^  posting-id: "([^"\\\n]+)"\n  content: "([0-9a-f]{64})"\n  voucher: "((?:[^"\\\n]|\\.)*)"$', re.MULTILINE
)
_OPEN = re.compile(rf"^{FIRST_DATE} open (\S+)$", re.MULTILINE)
_COMMODITY = re.compile(rf"^{FIRST_DATE} commodity ([A-Z]{{3}})$", re.MULTILINE)
_INCLUDE = re.compile(r'^include "([^"\n]+)\.beancount"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Written:
    """An entry found in a file: its content hash, and where it is ("<company>/<book>/<period>.beancount#<number>")."""

    content: str
    reference: str


def account_name(line: LedgerLine) -> str:
    """The Beancount account of a line: ("asset", "1221.03") -> "Assets:A1221:A03"; depends on type and code alone.

    Every part begins with A and "-" only ever opens or closes a hexadecimal code point, so no two codes meet.
    """
    return ":".join([ROOTS[line.account_type], *(f"A{_escaped(part, '-', '')}" for part in line.account.split("."))])


def open_text(account: str, line: LedgerLine) -> str:
    """The open directive of an account, dated before any entry, with its code and name."""
    return f"{FIRST_DATE} open {account}\n  code: {quoted(line.account)}\n  name: {quoted(line.account_name)}\n"


def header_text(company: str, book: str) -> str:
    """How a book's main file begins. The multiplier 0 makes bean-check refuse any imbalance, however small."""
    return (
        f'; Written by Ledgerbus. Include this file from a file of your own; do not edit it.\noption "title" '
        f'{quoted(f"{company} {book}")}\noption "tolerance_multiplier" "0"\ninclude "accounts.beancount"\n'
    )


def currency_text(currency: str) -> str:
    """The directives that a book's main file needs for a currency."""
    return f'option "operating_currency" "{currency}"\n{FIRST_DATE} commodity {currency}\n'


def include_text(period: str) -> str:
    """The directive by which a book's main file takes in a period."""
    return f'include "{period}.beancount"\n'


def entry_text(posting: LedgerPosting) -> str:
    """One entry: head, metadata, a posting a line; ends in an empty line."""
    return "".join([*_head(posting), *(text for line in posting.lines for text in _line(line, posting.currency)), "\n"])


def _head(posting: LedgerPosting) -> Iterator[str]:
    link = f" ^{_escaped(posting.document, '_', '-/.')}" if posting.document else ""
    yield f"{posting.accounting_date.isoformat()} * {quoted(posting.text)}{link}\n"
    facts = {
        "posting-id": posting.posting_id,
        "content": content_hash(posting),
        "voucher": posting.number,
        "reverses": posting.reverses,
        "document": posting.document,
        "event-type": posting.event_type,
        "event-id": posting.event_id,
        "rule": posting.rule,
        "entry-hash": posting.entry_hash,
    }
    for key, value in facts.items():
        if value is not None:
            yield f"  {key}: {quoted(value)}\n"


def _line(line: LedgerLine, currency: str) -> Iterator[str]:
    yield f"  {account_name(line)}  {format_minor(line.debit - line.credit, currency)} {currency}\n"
    # Beancount knows signs only; a red debit and a black credit would look the same.
    yield f'    side: "{"credit" if line.credit else "debit"}"\n'
    if line.text:
        yield f"    text: {quoted(line.text)}\n"
    for name, value in line.dimensions.items():
        yield f"    dim-{_escaped(name, '-', '_')}: {quoted(value)}\n"


def entries_in(block: bytes, file: str) -> Iterator[tuple[str, Written]]:
    """Posting id and whereabouts of each entry of a block of `file` that entry_text wrote."""
    for posting_id, content, number in _ENTRY.findall(block):
        plain = re.sub(r"\\(.)", r"\1", number.decode())
        yield posting_id.decode(), Written(content.decode(), f"{file}#{plain}")


def opened_in(block: bytes) -> list[str]:
    """Accounts that a block of open directives opens."""
    return _OPEN.findall(block.decode())


def currencies_in(block: bytes) -> list[str]:
    """Currencies that a block of a main file declares."""
    return _COMMODITY.findall(block.decode())


def periods_in(block: bytes) -> list[str]:
    """Periods that a block of a main file includes, the accounts file left out."""
    return [name for name in _INCLUDE.findall(block.decode()) if name != "accounts"]


def quoted(text: str) -> str:
    """A Beancount string on one line; control characters and line ends become a space."""
    plain = _UNPRINTABLE.sub(" ", text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str, mark: str, legal: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in legal) else f"{mark}{ord(c):x}{mark}" for c in text)
