"""One book's journal as an hledger journal: a second opinion on every balance by a program of other authors."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

from bus.errors import Invalid
from bus.money import format_minor, minor_digits
from bus.ports import LedgerLine, LedgerPosting

# account type -> hledger root account and its type letter
ROOTS: Final = {
    "asset": ("Assets", "A"),
    "contra_asset": ("Assets", "A"),
    "liability": ("Liabilities", "L"),
    "equity": ("Equity", "E"),
    "income": ("Income", "R"),
    "expense": ("Expenses", "X"),
    "memo": ("Equity:Memo", "E"),
}

_SPACE = re.compile("[\\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
# What hledger would read as its own syntax in a description, comment or account, and what stands there instead.
_SYNTAX = str.maketrans(dict(zip(";:,()[]|{}*!=\"'", "；：，（）［］｜｛｝＊！＝＂＇", strict=True)))
_CODE_LETTER = re.compile(r"[^\w.-]|_")


def write_hledger(path: Path, company: str, book: str, postings: Iterable[LedgerPosting]) -> int:
    """Write the book's postings to `path`, whole or not at all, in constant memory; returns how many there were.

    Raises Invalid POSTING_INVALID for a posting of another company or book, UNBALANCED, ACCOUNT_TYPE_UNKNOWN,
    CURRENCY_INVALID, and OSError; `path` is then what it was before.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            written = _Journal(file, company, book).write(postings)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return written


class _Journal:
    """The journal being written. Accounts and currencies are declared just before their first use."""

    def __init__(self, file: TextIO, company: str, book: str) -> None:
        self._file, self._company, self._book = file, company, book
        self._accounts: dict[tuple[str, str], str] = {}
        self._currencies: set[str] = set()

    def write(self, postings: Iterable[LedgerPosting]) -> int:
        title = f"{_plain(self._company)} {_plain(self._book)}"
        self._file.write(f"; Ledgerbus journal of {title}\ndecimal-mark .\n\n")
        written = 0
        for posting in postings:
            _check(posting, self._company, self._book)
            self._file.writelines(self._declarations(posting))
            self._file.writelines(self._entry(posting))
            written += 1
        return written

    def _declarations(self, posting: LedgerPosting) -> Iterator[str]:
        if posting.currency not in self._currencies:
            self._currencies.add(posting.currency)
            digits = minor_digits(posting.currency)
            yield f"commodity 1000.{'0' * digits} {posting.currency}\n\n"
        for line in posting.lines:
            key = (line.account_type, line.account)
            if key not in self._accounts:
                root, letter = ROOTS[line.account_type]
                # The first name stays for the whole journal: hledger would take a new one for another account.
                self._accounts[key] = f"{root}:{_code(line.account)} {_plain(line.account_name)}".rstrip()
                yield f"account {self._accounts[key]}  ; type:{letter}, code:{_plain(line.account)}\n\n"

    def _entry(self, posting: LedgerPosting) -> Iterator[str]:
        text = _plain(posting.text)
        yield f"{posting.accounting_date.isoformat()} * ({_plain(posting.number)}) {text}".rstrip() + "\n"
        facts = {
            "voucher": posting.number,
            "document": posting.document,
            "posting-id": posting.posting_id,
            "event": posting.event_id,
            "rule": posting.rule,
            "reverses": posting.reverses,
        }
        yield from (f"    ; {name}:{_plain(value)}\n" for name, value in facts.items() if value)
        for line in posting.lines:
            account = self._accounts[line.account_type, line.account]
            amount = format_minor(line.debit - line.credit, posting.currency)
            yield f"    {account}  {amount} {posting.currency}  ; {_line_tags(line)}\n"
        yield "\n"


def _line_tags(line: LedgerLine) -> str:
    tags = {"side": "credit" if line.credit else "debit"}
    tags |= {f"dim-{_plain(name).replace(' ', '-')}": _plain(value) for name, value in line.dimensions.items()}
    if line.text:
        tags["text"] = _plain(line.text)
    return ", ".join(f"{name}:{value}" for name, value in tags.items())


def _check(posting: LedgerPosting, company: str, book: str) -> None:
    if (posting.company, posting.book) != (company, book):
        raise Invalid("POSTING_INVALID", "the posting belongs to another company or book", posting.number)
    for line in posting.lines:
        if line.account_type not in ROOTS:
            raise Invalid("ACCOUNT_TYPE_UNKNOWN", f"no such account type: {line.account_type!r}", posting.number)
    if sum(line.debit - line.credit for line in posting.lines):
        raise Invalid("UNBALANCED", "debits and credits differ", posting.number)


def _code(account: str) -> str:
    """The account code as one word, no two codes alike: other characters become _<code point>_."""
    return _CODE_LETTER.sub(lambda found: f"_{ord(found[0]):x}_", account)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).translate(_SYNTAX).strip()
