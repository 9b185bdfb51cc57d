"""Journal entries. One that does not balance cannot exist."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from bus.errors import Permanent
from bus.message import canonical_json

DEBIT: Final = "debit"
CREDIT: Final = "credit"
ENTRY: Final = "entry"
RED: Final = "red"
MIRROR: Final = "mirror"
VOUCHER: Final = "{voucher}"
_OTHER: Final = {DEBIT: CREDIT, CREDIT: DEBIT}


@dataclass(frozen=True, slots=True, init=False)
class JournalLine:
    """One line: `amount` in minor units of `currency`, `base_amount` in those of the company's base currency.

    Both are above zero, except in a red-letter reversal, where they are below. `explain` says how it came about.
    """

    line_id: str
    side: str
    account: str
    amount: int
    currency: str
    base_amount: int
    dims: dict[str, str]
    text: str
    explain: dict[str, Any] = field(compare=False)

    def __init__(  # noqa: PLR0917 - the fields, in their order
        self,
        line_id: str,
        side: str,
        account: str,
        amount: int,
        currency: str,
        base_amount: int,
        dims: dict[str, str],
        text: str,
        explain: dict[str, Any],
    ) -> None:
        """A line of these values; whether they make sense is asked when it becomes part of an entry."""
        _SET_LINE_ID(self, line_id)
        _SET_SIDE(self, side)
        _SET_ACCOUNT(self, account)
        _SET_AMOUNT(self, amount)
        _SET_CURRENCY(self, currency)
        _SET_BASE_AMOUNT(self, base_amount)
        _SET_DIMS(self, dims)
        _SET_TEXT(self, text)
        _SET_EXPLAIN(self, explain)

    def reversed(self, kind: str, account: str) -> "JournalLine":
        """The line that takes this one back: red keeps the side and turns the sign, mirror swaps the side."""
        if kind == RED:
            return replace(self, account=account, amount=-self.amount, base_amount=-self.base_amount)
        return replace(self, account=account, side=_OTHER[self.side])


# A frozen dataclass sets its fields by name, which costs three times as much; a voucher has many lines.
(
    _SET_LINE_ID,
    _SET_SIDE,
    _SET_ACCOUNT,
    _SET_AMOUNT,
    _SET_CURRENCY,
    _SET_BASE_AMOUNT,
    _SET_DIMS,
    _SET_TEXT,
    _SET_EXPLAIN,
) = (getattr(JournalLine, name).__set__ for name in JournalLine.__slots__)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A balanced entry of one book. Building one that does not balance raises Permanent UNBALANCED.

    `part` is "entry" or "reversal:<entry id>", `life_key` tells several of a kind apart within one document,
    `requires` are the entries that must be live for this one, `reverses` the one it takes back. The text of a
    reversal holds {voucher} where the number of the reversed voucher belongs.
    """

    entry_id: str
    part: str
    book: str
    rule: str
    rule_version: int
    pack_hash: str
    event_type: str
    document: str
    life_key: str
    accounting_date: date
    word: str
    text: str
    currency: str
    lines: tuple[JournalLine, ...]
    reverses: str | None = None
    requires: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is not a journal entry."""
        if not self.lines:
            raise Permanent("EMPTY_ENTRY", "an entry needs lines", self.document)
        totals: dict[str | None, int] = {None: 0}
        for line in self.lines:
            amount, base_amount, side = line.amount, line.base_amount, line.side
            if type(amount) is not int or type(base_amount) is not int or side not in _OTHER:
                what = f"line {line.line_id} has no side or no whole amount"
                raise Permanent("UNBALANCED", what, self.document)
            if amount <= 0 and (amount == 0 or self.reverses is None):
                raise Permanent("NEGATIVE_AMOUNT", f"line {line.line_id} is not above zero", self.document)
            sign = 1 if side == DEBIT else -1
            totals[None] += sign * base_amount
            totals[line.currency] = totals.get(line.currency, 0) + sign * amount
        if any(totals.values()):
            raise Permanent("UNBALANCED", "debits and credits differ", self.document)

    def debit_total(self) -> int:
        """Sum of the debit lines in minor units."""
        return sum(line.amount for line in self.lines if line.side == DEBIT)

    def credit_total(self) -> int:
        """Sum of the credit lines in minor units."""
        return sum(line.amount for line in self.lines if line.side == CREDIT)

    def reversed(
        self,
        *,
        source: str,
        event_id: str,
        event_type: str,
        on: date,
        text: str,
        kind: str = RED,
        moved: Callable[[str], str] | None = None,
    ) -> "JournalEntry":
        """The entry that takes this one back on a date, by red letters or as a mirror.

        It reuses these lines and derives none anew. `moved` gives the account to use for an account of this entry.
        """
        part = f"reversal:{self.entry_id}"
        return replace(
            self,
            entry_id=entry_id(source, event_id, self.book, part),
            part=part,
            event_type=event_type,
            accounting_date=on,
            text=text,
            lines=tuple(line.reversed(kind, moved(line.account) if moved else line.account) for line in self.lines),
            reverses=self.entry_id,
            requires=(),
        )


def entry_id(source: str, event_id: str, book: str, part: str) -> str:
    """The key that makes an entry once in effect: 32 hex digits of SHA-256; the rule's name is not in it."""
    return hashlib.sha256(canonical_json([source, event_id, book, part])).hexdigest()[:32]
