"""Reads one rule document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from bus.accounting.case_reader import read_tests
from bus.accounting.company import PRIOR_YEAR
from bus.accounting.expression import BOOLEAN, DATE, NUMBER, TEXT, Expression, Scope
from bus.accounting.fields import Field
from bus.accounting.findings import Findings
from bus.accounting.functions import CHECK_TYPES
from bus.accounting.line_reader import LineReader
from bus.accounting.rule import LineSpec, Requires, Rule, Span, Voucher
from bus.accounting.rule_scope import Compiler, event_scope, required_type
from bus.accounting.yaml_text import Fields, Items, Reader, Scalar

_KEYS: Final = (
    "rule", "version", "effective", "event", "when", "books", "no_entry", "requires", "life", "let", "voucher", "lines",
    "check", "merge", "on_change", "on_withdraw_paid", "prior_year", "tests",
)  # fmt: skip
_MERGED_BY: Final = frozenset({"side", "account", "dims", "currency", "rate"})
_PAYMENT: Final = "payment."
_LIVE: Final = "live"


@dataclass(frozen=True, slots=True)
class RuleReader:
    """`records` are each event type's fields, `books` each book's chart, `dimensions` those of all charts,
    `line_ids` the lines of each rule by its name."""

    findings: Findings
    records: Mapping[str, Field]
    books: Mapping[str, str]
    dimensions: frozenset[str]
    line_ids: Mapping[str, frozenset[str]]

    def read(self, fields: Fields) -> Rule | None:
        """The rule, or None when it has defects, which are then noted."""
        before = len(self.findings.found)
        reader, compiler = Reader(self.findings), Compiler(self.findings)
        reader.known(fields, _KEYS)
        event = reader.text(fields, "event")
        record = self.records.get(event)
        if event and record is None:
            compiler.known(event, fields.entries["event"].place, self.records, "event")
        if record is None:
            return None
        rule = _Document(fields, reader, compiler, self).read(event, event_scope(record.type))
        return rule if len(self.findings.found) == before else None


@dataclass(frozen=True, slots=True)
class _Document:
    fields: Fields
    reader: Reader
    compiler: Compiler
    pack: RuleReader

    def read(self, event: str, scope: Scope) -> Rule:
        entries, reader, compiler = self.fields.entries, self.reader, self.compiler
        requires = self._requires(scope)
        if requires is not None:
            bound = required_type(requires.name, self.pack.dimensions, requires.lines)
            scope = scope.extended({requires.name: bound})
        let, inner = compiler.let(reader.mapping(entries.get("let"), "let"), scope)
        books = self._books()
        lines = LineReader(reader, compiler, inner, books).read(reader.list_of(self.fields, "lines"))
        rule = Rule(
            name=reader.text(self.fields, "rule"),
            version=reader.whole(self.fields, "version"),
            span=self._span(),
            event=event,
            books=books,
            when=compiler.condition(entries.get("when"), scope),
            no_entry=self._no_entry(scope),
            requires=requires,
            life_key=self._life(event, scope),
            let=let,
            voucher=self._voucher(inner),
            lines=lines,
            check=compiler.condition(entries.get("check"), inner.extended(CHECK_TYPES)),
            merged=self._merged(),
            on_change=reader.choice(self.fields, "on_change", ("reverse_and_rebook", "difference", "hold"), "hold"),
            on_withdraw_paid=reader.choice(self.fields, "on_withdraw_paid", ("hold", "receivable"), "hold"),
            prior_year=reader.choice(self.fields, "prior_year", PRIOR_YEAR, "") or None,
            tests=read_tests(reader, self.fields, event),
            place=self.fields.place,
        )
        self._check_whole(rule)
        return rule

    def _span(self) -> Span:
        effective = self.reader.mapping(self.reader.require(self.fields, "effective"), "effective")
        if effective is None:
            return Span(date.min)
        return read_span(self.reader, effective, ("from", "until"))

    def _books(self) -> tuple[str, ...]:
        names = []
        for node in self.reader.list_of(self.fields, "books", required=True):
            name = self.reader.text_of(node, "a book")
            if self.compiler.known(name, node.place, self.pack.books, "book"):
                names.append(name)
        return tuple(names)

    def _no_entry(self, scope: Scope) -> tuple[tuple[Expression, str], ...]:
        found = []
        for node in self.reader.list_of(self.fields, "no_entry"):
            fields = self.reader.mapping(node, "no_entry")
            if fields is None:
                continue
            self.reader.known(fields, ("when", "reason"))
            when = self.compiler.condition(self.reader.require(fields, "when"), scope)
            reason = self.reader.text(fields, "reason")
            if when is not None:
                found.append((when, reason))
        return tuple(found)

    def _requires(self, scope: Scope) -> Requires | None:
        fields = self.reader.mapping(self.fields.entries.get("requires"), "requires")
        if fields is None:
            return None
        name, rule_key, given = _LIVE, _LIVE, fields
        if _LIVE not in fields.entries and len(fields.entries) == 1:
            name, node = next(iter(fields.entries.items()))
            rule_key, given = "rule", self.reader.mapping(node, name) or fields
        self.reader.known(given, (rule_key, "document", "key"))
        if name in scope.types:
            self.reader.findings.add(fields.place, f"requires {name} hides another name", "choose another name")
        rule = self.reader.text(given, rule_key)
        document = self.compiler.expression(given.entries.get("document"), scope, TEXT)
        key = self.compiler.expression(given.entries.get("key"), scope, TEXT, NUMBER, DATE, BOOLEAN)
        return Requires(name, rule, document, key, self.pack.line_ids.get(rule, frozenset()))

    def _life(self, event: str, scope: Scope) -> Expression | None:
        fields = self.reader.mapping(self.fields.entries.get("life"), "life")
        if fields is None:
            if event.startswith(_PAYMENT):
                remedy = "add life: {key: doc.payment_no}"
                self.reader.findings.add(
                    self.fields.place, "a document has several payments but life is missing", remedy
                )
            return None
        self.reader.known(fields, ("key",))
        return self.compiler.expression(self.reader.require(fields, "key"), scope, TEXT, NUMBER, DATE, BOOLEAN)

    def _voucher(self, scope: Scope) -> Voucher | None:
        fields = self.reader.mapping(self.fields.entries.get("voucher"), "voucher")
        if fields is None:
            return None
        self.reader.known(fields, ("word", "text"))
        word, text = self.reader.text(fields, "word"), self.reader.text(fields, "text")
        node = fields.entries.get("text")
        place = node.inner if isinstance(node, Scalar) else fields.place
        return Voucher(word, self.compiler.template(text, place, scope))

    def _merged(self) -> bool:
        fields = self.reader.mapping(self.fields.entries.get("merge"), "merge")
        if fields is None:
            return False
        self.reader.known(fields, ("by",))
        node = self.reader.require(fields, "by")
        named = {item.value for item in node.values if isinstance(item, Scalar)} if isinstance(node, Items) else set()
        if node is not None and named != _MERGED_BY:
            remedy = f"write by: [{', '.join(sorted(_MERGED_BY))}]"
            self.reader.findings.add(node.place, "only lines equal in all of these may become one", remedy)
        return True

    def _check_whole(self, rule: Rule) -> None:
        place, findings = self.fields.place, self.reader.findings
        if not any(rule.lines.values()):
            if not any(when.text == "true" for when, _ in rule.no_entry):
                findings.add(place, "the rule has no lines", "add lines: or no_entry: [{when: true, reason: …}]")
            return
        if rule.voucher is None:
            findings.add(place, "voucher is missing", 'add voucher: {word: …, text: "…"}')
        for book, lines in rule.lines.items():
            _check_remainder(lines, book, rule, findings)


def _check_remainder(lines: tuple[LineSpec, ...], book: str, rule: Rule, findings: Findings) -> None:
    remainders = [line for line in lines if line.amount is None]
    if len(remainders) > 1:
        findings.add(
            remainders[1].place, f"book {book} has a second remainder", "keep one remainder, give the other an amount"
        )
    if remainders and remainders[0].each is not None:
        findings.add(remainders[0].place, "a remainder cannot repeat", "take for_each away")
    if remainders and rule.check is None:
        findings.add(
            remainders[0].place, "a rule with a remainder needs a check", "add check: total(debit) == doc.total"
        )


def read_span(reader: Reader, fields: Fields, known: tuple[str, ...]) -> Span:
    """The days a rule version or a map row is valid for: `from` (required) and `until`."""
    reader.known(fields, known)
    start = reader.day(fields, "from", required=True) or date.min
    until = reader.day(fields, "until", required=False)
    if until is not None and until <= start:
        reader.findings.add(
            fields.entries["until"].place, "until is not after from", "until is the first day it no longer holds"
        )
    return Span(start, until)
