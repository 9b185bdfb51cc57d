"""A rule as it is used: every expression parsed, every text a template, lines per book."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from bus.accounting.expression import Env, Expression
from bus.accounting.findings import Place
from bus.accounting.template import Template


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` up to, not including, `until` (None: for ever)."""

    start: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the day is in it."""
        return self.start <= day and (self.until is None or day < self.until)

    def overlaps(self, other: "Span") -> bool:
        """Whether any day is in both."""
        return (other.until is None or self.start < other.until) and (self.until is None or other.start < self.until)


@dataclass(frozen=True, slots=True)
class MapLookup:
    """An account taken from a map by the values of expressions, in the order of the map's keys."""

    name: str
    keys: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Each:
    """Repeat for the members of a list: `variable` is the member, `index` its place from 0."""

    variable: str
    index: str | None
    members: Expression


@dataclass(frozen=True, slots=True)
class LineSpec:
    """A line of a rule in one book. `account` is a code, a role or a map look-up; `amount` None is the remainder."""

    id: str
    side: str
    account: str | MapLookup
    amount: Expression | None
    each: Each | None
    when: Expression | None
    dims: tuple[tuple[str, Expression], ...]
    text: Template | None
    place: Place
    account_place: Place


@dataclass(frozen=True, slots=True)
class Voucher:
    """Voucher word (a word, or by_policy) and text."""

    word: str
    text: Template


@dataclass(frozen=True, slots=True)
class Requires:
    """The rule whose entry must be live, on `document` or, when that is None, on the event's own document.

    `key`, when given, is the life key of the entry meant. Expressions see the entry as `name`, with its `lines`.
    """

    name: str
    rule: str
    document: Expression | None
    key: Expression | None
    lines: frozenset[str]


@dataclass(frozen=True, slots=True)
class RuleTest:
    """A test inside a rule. `lines` are expected (side, account, amount, dims) by book, `red_of` a document by book."""

    name: str
    place: Place
    doc: dict[str, Any] | None
    event: str
    given: tuple[str, ...]
    lines: dict[str, tuple[tuple[str, str, str, dict[str, str]], ...]]
    red_of: dict[str, str]
    exception: str | None
    no_entry: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule. `lines` are by book; `merged` says whether equal lines become one."""

    name: str
    version: int
    span: Span
    event: str
    books: tuple[str, ...]
    when: Expression | None
    no_entry: tuple[tuple[Expression, str], ...]
    requires: Requires | None
    life_key: Expression | None
    let: tuple[tuple[str, Expression], ...]
    voucher: Voucher | None
    lines: dict[str, tuple[LineSpec, ...]]
    check: Expression | None
    merged: bool
    on_change: str
    on_withdraw_paid: str
    prior_year: str | None
    tests: tuple[RuleTest, ...]
    place: Place

    def matches(self, env: Env) -> bool:
        """Whether the rule's own condition holds."""
        return self.when is None or bool(self.when.evaluate(env))
