"""Runs the tests that finance people write inside rules, on the real engine."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bus.accounting.company import Company
from bus.accounting.engine import Engine
from bus.accounting.findings import Place
from bus.accounting.journal import JournalEntry
from bus.accounting.outcome import Booked, Failure, NoOp, Outcome
from bus.accounting.pack import RulePack
from bus.accounting.rule import Rule, RuleTest
from bus.errors import BusError
from bus.message import WITHDRAWN, Event
from bus.money import format_minor, parse_amount, to_minor

_AT = datetime(2000, 1, 1, tzinfo=UTC)
_SUBJECT = ("document_no", "doc_no", "invoice_no")
_NUMBERS = ("payment_no", "doc_no", "invoice_no")
_Shown = tuple[str, str, int, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class RuleTestResult:
    """Outcome of one test of a rule; `detail` says what came out instead when it failed."""

    rule: str
    version: int
    name: str
    place: Place
    passed: bool
    detail: str


@dataclass(slots=True)
class _Ledger:
    """Live entries by document, kept across the events of one test."""

    entries: dict[str, list[JournalEntry]] = field(default_factory=dict)

    def live(self, document: str) -> Sequence[JournalEntry]:
        return self.entries.get(document, [])

    def take(self, entries: Iterable[JournalEntry]) -> None:
        for entry in entries:
            kept = [e for e in self.entries.get(entry.document, []) if e.entry_id != entry.reverses]
            self.entries[entry.document] = kept if entry.reverses else [*kept, entry]


def run_rule_tests(pack: RulePack, company: Company) -> list[RuleTestResult]:
    """Every test of every rule, for one company of the pack, in file order. A test document without a currency has
    the company's base currency."""
    runner = _Runner(pack, company, Engine(pack, company))
    return [runner.run(rule, test) for rule in pack.rules for test in rule.tests]


@dataclass(frozen=True, slots=True)
class _Runner:
    pack: RulePack
    company: Company
    engine: Engine

    def run(self, rule: Rule, test: RuleTest) -> RuleTestResult:
        try:
            detail = self._difference(test)
        except BusError as error:
            detail = str(error)
        return RuleTestResult(rule.name, rule.version, test.name, test.place, not detail, detail)

    def _difference(self, test: RuleTest) -> str:
        ledger, last = _Ledger(), None
        for given in test.given:
            last = self._source(given)
            outcome = self.engine.journalize(self._event(last, len(ledger.entries)), ledger)
            if not isinstance(outcome, Booked):
                return f"given {given} gives {_shown_outcome(outcome)}"
            ledger.take(outcome.entries)
        event = self._withdrawal(test, last) if test.event == WITHDRAWN else self._event(test, len(ledger.entries))
        outcome = self.engine.journalize(event, ledger)
        if test.exception or test.no_entry:
            code = outcome.code if isinstance(outcome, Failure) else None
            reason = outcome.reason if isinstance(outcome, NoOp) else None
            matches = (code, reason) == (test.exception, test.no_entry)
            return "" if matches else f"expected {test.exception or test.no_entry}, got {_shown_outcome(outcome)}"
        if not isinstance(outcome, Booked):
            return f"expected an entry, got {_shown_outcome(outcome)}"
        return self._entries_differ(test, outcome.entries)

    def _entries_differ(self, test: RuleTest, entries: Sequence[JournalEntry]) -> str:
        for book, lines in test.lines.items():
            wanted = [(side, account, self._minor(amount), dims) for side, account, amount, dims in lines]
            booked = [line for entry in entries if entry.book == book for line in _lines(entry)]
            if not _same_lines(wanted, booked):
                return f"{book} has {_shown_lines(booked, self.company.base_currency)}"
        for book, document in test.red_of.items():
            original = self.engine.journalize(self._event(self._source(f"document {document}"), 0), _Ledger())
            if not isinstance(original, Booked):
                return f"{document} gives {_shown_outcome(original)}"
            wanted_red = Counter((s, a, -m, d) for e in original.entries if e.book == book for s, a, m, d in _lines(e))
            red = [line for entry in entries if entry.book == book for line in _lines(entry)]
            if Counter(red) != wanted_red:
                return f"{book} has {_shown_lines(red, self.company.base_currency)}"
        return ""

    def _minor(self, amount: str) -> int:
        return to_minor(parse_amount(amount), self.company.base_currency)

    def _source(self, given: str) -> RuleTest:
        """The test whose document is meant by "payment FK-1": any word, then the number."""
        number = given.rpartition(" ")[2]
        for rule in self.pack.rules:
            for test in rule.tests:
                if test.doc and test.event == rule.event and number in (test.doc.get(key) for key in _NUMBERS):
                    return test
        raise BusError("RULES_INVALID", f"no test of the pack has a document {number}")

    def _event(self, test: RuleTest, order: int) -> Event:
        data = {"currency": self.company.base_currency, **(test.doc or {})}
        return self._made(test.event, data, f"{test.name}#{order}")

    def _withdrawal(self, test: RuleTest, last: RuleTest | None) -> Event:
        known = last.doc if last is not None and last.doc else {}
        day = known.get("accounting_date")
        data = {"doc_no": _subject(known), "withdrawn_on": day, **(test.doc or {})}
        return self._made(WITHDRAWN, data, test.name)

    def _made(self, event_type: str, data: dict[str, Any], name: str) -> Event:
        return Event("rule.tests", name, event_type, _subject(data), self.company.code, _AT, data)


def _subject(data: Mapping[str, Any]) -> str:
    return str(next((data[key] for key in _SUBJECT if key in data), "document"))


def _lines(entry: JournalEntry) -> list[_Shown]:
    return [(line.side, line.account, line.amount, tuple(sorted(line.dims.items()))) for line in entry.lines]


def _same_lines(wanted: Sequence[tuple[str, str, int, dict[str, str]]], booked: Sequence[_Shown]) -> bool:
    """Equal without order; a wanted line names only the dimensions it cares about."""
    left = list(booked)
    for side, account, amount, dims in sorted(wanted, key=lambda line: -len(line[3])):
        fits = (ln for ln in left if ln[:3] == (side, account, amount) and dims.items() <= dict(ln[3]).items())
        found = next(fits, None)
        if found is None:
            return False
        left.remove(found)
    return not left


def _shown_outcome(outcome: Outcome) -> str:
    if isinstance(outcome, Failure):
        return f"{outcome.code} ({outcome.message})"
    return outcome.reason if isinstance(outcome, NoOp) else "an entry"


def _shown_lines(lines: Sequence[_Shown], currency: str) -> str:
    return (
        ", ".join(f"{side} {account} {format_minor(amount, currency)}" for side, account, amount, _ in lines)
        or "nothing"
    )
