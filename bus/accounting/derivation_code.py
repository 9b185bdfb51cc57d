"""Writes, for one rule in one book, the function that derives its lines: accounts and static parts filled in."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from bus.accounting.chart import Chart
from bus.accounting.expression import Expression
from bus.accounting.generated import Code
from bus.accounting.journal import JournalLine
from bus.accounting.maps import AccountMap, MapRow
from bus.accounting.minor import MinorUnit
from bus.accounting.outcome import Held
from bus.accounting.rule import LineSpec, MapLookup, Rule
from bus.accounting.template import template_source
from bus.accounting.translation import source_of, text_of

# From the values of the names (those of let: are added), the day and the currency: the lines in file order and source
# order, and the place of the remainder among them, whose amount is still 0. Raises Held, EngineError, ArithmeticError.
Derive = Callable[[dict[str, Any], date, MinorUnit], tuple[list[JournalLine], int | None]]


def derivation_of(rule: Rule, book: str, chart: Chart, maps: Mapping[str, AccountMap]) -> Derive:
    """The generated function of a rule that was found without defects."""
    return _Writing(rule, book, chart, maps).function()


class _Writing:
    """The function while it is written. Names of the rule are locals called v_<name>."""

    def __init__(self, rule: Rule, book: str, chart: Chart, maps: Mapping[str, AccountMap]) -> None:
        self._rule = rule
        self._book = book
        self._chart = chart
        self._maps = maps
        self._code = Code()
        self._body: list[str] = []
        self._indent = ""
        self._own: set[str] = set()
        self._given: set[str] = set()
        self._texts: dict[str, str] = {}

    def function(self) -> Derive:
        """Everything written, compiled."""
        for name, expression in self._rule.let:
            self._write(f"v_{name} = env[{name!r}] = {self._source(expression)}")
            self._own.add(name)
        for spec in self._rule.lines[self._book]:
            self._spec(spec)
        names = [f"v_{name} = env[{name!r}]" for name in sorted(self._given)]
        start = ["lines = []", "add = lines.append", "units = unit.units", "currency = unit.currency", "left = None"]
        title = f"{self._rule.name}@{self._rule.version} {self._book}"
        return self._code.function(title, "env, day, unit", [*names, *start, *self._body, "return lines, left"])

    def _write(self, line: str) -> None:
        self._body.append(self._indent + line)

    def _resolve(self, name: str) -> str:
        if name not in self._own:
            self._given.add(name)
        return f"v_{name}"

    def _source(self, expression: Expression) -> str:
        return source_of(self._code, expression.node, self._resolve)

    def _text(self, expression: Expression) -> str:
        return self._text_of(expression.type, self._source(expression))

    def _text_of(self, data_type: Any, source: str) -> str:
        """A value as text; one that costs something is computed once a line."""
        text = text_of(self._code, data_type, source)
        if text == source:
            return text
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = f"t{len(self._texts)}"
            self._write(f"{known} = {text}")
        return known

    def _spec(self, spec: LineSpec) -> None:
        outer = set(self._own)
        if spec.each is not None:
            members = f"{self._code.name(enumerate)}({self._source(spec.each.members)})"
            self._write(f"for index, v_{spec.each.variable} in {members}:")
            self._indent += "    "
            self._own.add(spec.each.variable)
            if spec.each.index:
                self._write(f"v_{spec.each.index} = {self._code.name(Decimal)}(index)")
                self._own.add(spec.each.index)
        if spec.when is not None:
            self._write(f"if {self._source(spec.when)}:")
            self._indent += "    "
        self._line(spec, "None" if spec.each is None else "index")
        self._own, self._indent, self._texts = outer, "", {}

    def _line(self, spec: LineSpec, index: str) -> None:
        explained = [f"'line': {spec.id!r}", f"'item': {index}"]
        account, mapped = self._account(spec, index)
        explained += [f"'map': {mapped}"] if mapped else []
        if spec.amount is None:
            self._write(f"left = {self._code.name(len)}(lines)")
            amount = "0"
        else:
            amount, amount_explained = self._amount(spec, spec.amount, index)
            explained += amount_explained
        dims = self._dims(spec)
        text = template_source(self._code, spec.text.parts, self._resolve) if spec.text is not None else "''"
        line_id = repr(spec.id) if spec.each is None else f"{spec.id + '#'!r} + {self._code.name(str)}(index)"
        line = f"{line_id}, {spec.side!r}, {account}, {amount}, currency, {amount}, {dims}, {text}"
        self._write(f"add({self._code.name(JournalLine)}({line}, {{{', '.join(explained)}}}))")

    def _account(self, spec: LineSpec, index: str) -> tuple[str, str]:
        """Sources of the account and, for one taken from a map, of its explanation."""
        if isinstance(spec.account, str):
            return repr(self._chart.code(spec.account) or spec.account), ""
        table = self._maps[spec.account.name]
        keys = {name: self._text(expression) for name, expression in spec.account.keys}
        self._write(f"key = ({''.join(f'{keys[name]}, ' for name in table.keys)})")
        self._write(f"row = {self._code.name(table.find)}(key, day)")
        missing = partial(_raise_missing, table, spec.account, line=spec.id, book=self._book)
        self._write(f"if row is None: {self._code.name(missing)}(key, {index}, day)")
        codes = {row.to: self._chart.code(row.to) or row.to for row in table.rows}
        key = ", ".join(f"{name!r}: {text}" for name, text in keys.items())
        return f"{self._code.name(codes)}[row.to]", f"{{**row.explained, 'key': {{{key}}}}}"

    def _amount(self, spec: LineSpec, expression: Expression, index: str) -> tuple[str, list[str]]:
        self._write(f"value = {self._source(expression)}")
        self._write("amount = units(value)")
        negative = partial(_raise_negative, rule=self._rule.name, line=spec.id, book=self._book)
        self._write(f"if amount < 0: {self._code.name(negative)}(amount, {index}, unit)")
        inputs = ", ".join(
            f"{path!r}: {self._text_of(node.result_type, source_of(self._code, node, self._resolve))}"
            for path, node in expression.inputs.items()
        )
        bare = len(expression.inputs) == 1 and expression.text.strip() in expression.inputs
        value = self._text(expression) if bare else text_of(self._code, expression.type, "value")
        explained = [f"'expression': {expression.text!r}", f"'inputs': {{{inputs}}}", f"'value': {value}"]
        return "amount", [*explained, "'rounding': 'HALF_UP'"]

    def _dims(self, spec: LineSpec) -> str:
        """Source of the dimensions; an empty one is left out."""
        self._write("dims = {}")
        for name, expression in spec.dims:
            self._write(f"text = {self._text(expression)}")
            self._write(f"if text: dims[{name!r}] = text")
        return "dims"


def _raise_missing(
    table: AccountMap, lookup: MapLookup, values: tuple[str, ...], index: int | None, day: date, *, line: str, book: str
) -> MapRow:
    given = dict(zip(table.keys, values, strict=True))
    key = {name: given[name] for name, _ in lookup.keys}
    shown = ",".join(f"{name}={value}" for name, value in key.items())
    raise Held(
        "MAP_MISSING",
        f"map {table.name} has no row for {shown} on {day}",
        detail={
            "map": table.name, "key": key, "nearest": table.nearest(values), "date": day.isoformat(),
            "line": line, "item": index, "book": book,
        },
        cause=f"{table.name}({shown})",
    )  # fmt: skip


def _raise_negative(amount: int, index: int | None, unit: MinorUnit, *, rule: str, line: str, book: str) -> None:
    raise Held(
        "NEGATIVE_AMOUNT",
        f"line {line} would be {unit.text(amount)}",
        detail={"line": line, "item": index, "book": book, "rule": rule},
        cause=f"{rule}.{line}",
    )
