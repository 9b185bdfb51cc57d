"""The accounting engine: an event and what is live in, journal entries out. It reads no clock and keeps no state."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import localcontext
from typing import Any
from zoneinfo import ZoneInfo

from rule_engine.errors import EngineError

from bus.accounting.company import BookPolicy, Company
from bus.accounting.derive import derive
from bus.accounting.fields import convert_data
from bus.accounting.functions import functions_of
from bus.accounting.journal import CREDIT, DEBIT, ENTRY, JournalEntry, JournalLine, entry_id
from bus.accounting.life import Change, what_changed
from bus.accounting.minor import MinorUnit, minor_unit
from bus.accounting.operations import as_text
from bus.accounting.outcome import Booked, Held, LedgerView, NoOp, Outcome
from bus.accounting.pack import RulePack
from bus.accounting.required import bound, live_entries
from bus.accounting.reversal import Reversing
from bus.accounting.rule import Rule, Voucher
from bus.errors import BusError, Invalid
from bus.message import WITHDRAWN, Event
from bus.money import MONEY_CONTEXT

_BLUE = {"zh": "订正", "en": "Correction:"}


@dataclass(frozen=True, slots=True)
class _Case:
    """An event with typed values. `env` has the names of expressions."""

    event: Event
    env: dict[str, Any]
    day: date
    unit: MinorUnit

    @property
    def currency(self) -> str:
        return self.unit.currency


class Engine:
    """Journalizes events of one company by one pack.

    Raises Invalid RULES_INVALID at construction when the company names books or charts the pack does not have.
    """

    def __init__(self, pack: RulePack, company: Company) -> None:
        self.pack = pack
        self.company = company
        self._zone = ZoneInfo(company.timezone)
        self._reversing = Reversing(pack, company)
        self._rules: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        for book in company.books:
            if pack.books.get(book.name, book.chart) != book.chart or book.chart not in pack.charts:
                message = f"book {book.name} of {company.code} has no chart {book.chart} in pack {pack.name}"
                raise Invalid("RULES_INVALID", message, "companies.yaml")
        for rule in pack.rules:
            for name in rule.books:
                self._rules[rule.event, name].append(rule)

    def references(self, event: Event) -> frozenset[str]:
        """Documents besides `event.subject` whose live entries journalize() will ask for."""
        requiring = [
            rule.requires.document
            for book in self.company.books
            for rule in self._rules.get((event.type, book.name), ())
            if rule.requires is not None and rule.requires.document is not None
        ]
        if not requiring:
            return frozenset()
        try:
            env = self._case(event).env
            return frozenset(as_text(document.evaluate(env)) for document in requiring) - {event.subject}
        except (Held, EngineError, ArithmeticError):
            return frozenset()

    def journalize(self, event: Event, ledger: LedgerView) -> Outcome:
        """What the event becomes, all books together. It never raises for what is in the event."""
        try:
            with localcontext(MONEY_CONTEXT):
                if event.type == WITHDRAWN:
                    return self._withdraw(event, ledger)
                books = [book for book in self.company.books if (event.type, book.name) in self._rules]
                if not books:
                    return NoOp("not_expected")
                case = self._case(event)
                return _together([self._in_book(case, book, ledger) for book in books])
        except Held as held:
            return held.failure

    def _case(self, event: Event) -> _Case:
        try:
            doc = convert_data(self.pack.records[event.type], event.data)
            currency = str(doc.get("currency") or self.company.base_currency)
            unit = minor_unit(currency)
            env = {**functions_of(currency), "doc": doc}
            return _Case(event, env, doc["accounting_date"].date(), unit)
        except (BusError, KeyError, AttributeError) as error:
            code, message = ("EVENT_INVALID", "a field is missing")
            if isinstance(error, BusError):
                code, message = error.code, error.message
            raise Held(code, message, detail={"type": event.type}) from error

    def _withdraw(self, event: Event, ledger: LedgerView) -> Outcome:
        live = live_entries(ledger, event.subject)
        reversals = self._reversing.withdrawal(event, live, self._withdrawn_on(event))
        return Booked(tuple(reversals)) if reversals else NoOp("nothing_to_reverse")

    def _withdrawn_on(self, event: Event) -> date:
        given = event.data.get("withdrawn_on")
        try:
            if given:
                return date.fromisoformat(given)
        except (ValueError, TypeError) as error:
            raise Held("EVENT_INVALID", "withdrawn_on is not a date") from error
        if event.time.tzinfo is None:
            raise Held("EVENT_INVALID", "the time of the event has no offset")
        return event.time.astimezone(self._zone).date()

    def _in_book(self, case: _Case, book: BookPolicy, ledger: LedgerView) -> list[JournalEntry] | NoOp:
        try:
            rule = self._choose(case, book)
            env = dict(case.env)
            for when, reason in rule.no_entry:
                if when.evaluate(env):
                    return NoOp(reason)
            requires = self._required(rule, case, env, book, ledger)
            life_key = as_text(rule.life_key.evaluate(env)) if rule.life_key is not None else ""
        except (EngineError, ArithmeticError) as error:
            raise Held("EXPRESSION_FAILED", getattr(error, "message", "") or type(error).__name__) from error
        if case.currency != self.company.base_currency:
            message = f"no rate from {case.currency} to {self.company.base_currency} on {case.day}"
            raise Held("FX_RATE_MISSING", message, detail={"currency": case.currency}, cause=case.currency)
        chart = self.pack.charts[book.chart]
        generated = self.pack.derivations[rule.name, rule.version, book.name]
        lines = derive(generated, env, case.day, case.unit, rule=rule, book=book.name, chart=chart)
        live = live_entries(ledger, case.event.subject)
        same = [e for e in live if (e.book, e.event_type, e.life_key) == (book.name, case.event.type, life_key)]
        change = what_changed(rule, same, lines)
        if change.noop:
            return NoOp("already_live")
        reversals = [self._reversing.reversal(case.event, entry, live, case.day) for entry in change.reversed]
        entry = self._entry(case, book, rule, change, life_key=life_key, requires=requires, env=env)
        return [*reversals, entry]

    def _choose(self, case: _Case, book: BookPolicy) -> Rule:
        rules = self._rules[case.event.type, book.name]
        found = [rule for rule in rules if rule.span.covers(case.day) and rule.matches(case.env)]
        if len(found) == 1:
            return found[0]
        names = [f"{rule.name}@{rule.version}" for rule in found or rules]
        detail = {"event": case.event.type, "book": book.name, "rules": names, "date": case.day.isoformat()}
        if found:
            message = f"rules {' and '.join(names)} both match"
            raise Held("RULE_CONFLICT", message, detail=detail, cause=" ".join(names))
        message = f"no rule for {case.event.type} in book {book.name} matches on {case.day}"
        raise Held("NO_RULE", message, detail=detail, cause=f"{case.event.type} {book.name}")

    def _required(
        self, rule: Rule, case: _Case, env: dict[str, Any], book: BookPolicy, ledger: LedgerView
    ) -> tuple[str, ...]:
        if rule.requires is None:
            return ()
        wanted = rule.requires
        document = case.event.subject if wanted.document is None else as_text(wanted.document.evaluate(env))
        key = None if wanted.key is None else as_text(wanted.key.evaluate(env))
        found = [
            entry
            for entry in live_entries(ledger, document)
            if entry.book == book.name and entry.rule == wanted.rule and key in (None, entry.life_key)
        ]
        if not found:
            raise Held(
                "NO_LIVE_APPROVAL",
                f"{document} has no live entry of {wanted.rule}",
                detail={"document": document, "rule": wanted.rule, "book": book.name},
                blocks=False,
                cause=wanted.rule,
            )
        env[wanted.name] = bound(wanted, document, found, self.pack.charts[book.chart])
        return tuple(entry.entry_id for entry in found)

    def _entry(
        self,
        case: _Case,
        book: BookPolicy,
        rule: Rule,
        change: Change,
        *,
        life_key: str,
        requires: tuple[str, ...],
        env: dict[str, Any],
    ) -> JournalEntry:
        if rule.voucher is None:
            raise Held("EMPTY_ENTRY", f"rule {rule.name} has no voucher", cause=rule.name)
        text = rule.voucher.text.render(env)
        event = case.event
        return JournalEntry(
            entry_id=entry_id(event.source, event.id, book.name, ENTRY),
            part=ENTRY,
            book=book.name,
            rule=rule.name,
            rule_version=rule.version,
            pack_hash=self.pack.content_hash,
            event_type=event.type,
            document=event.subject,
            life_key=life_key,
            accounting_date=case.day,
            word=self._word(rule.voucher, change.lines, book),
            text=f"{_BLUE[self.company.locale]} {text}" if change.corrects else text,
            currency=case.currency,
            lines=change.lines,
            requires=requires,
        )

    def _word(self, voucher: Voucher, lines: Sequence[JournalLine], book: BookPolicy) -> str:
        words = self.pack.words
        if voucher.word != "by_policy":
            return voucher.word
        if words.policy == "single":
            return words.single
        cash = self.pack.charts[book.chart].cash
        sides = {line.side for line in lines if line.account in cash}
        return words.payment if CREDIT in sides else words.receipt if DEBIT in sides else words.transfer


def _together(results: Sequence[list[JournalEntry] | NoOp]) -> Outcome:
    """One outcome for all books: entries with the reversals first; a no-op only when no book has an entry."""
    entries = [entry for result in results if not isinstance(result, NoOp) for entry in result]
    if not entries:
        return next((result for result in results if isinstance(result, NoOp)), NoOp("not_expected"))
    return Booked(tuple(sorted(entries, key=lambda entry: entry.reverses is None)))
