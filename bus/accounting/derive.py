"""From a rule and a document to the lines of one book: lines, maps, rounding, in file order and source order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rule_engine.errors import EngineError

from bus.accounting.chart import Chart
from bus.accounting.expression import Expression, as_text
from bus.accounting.journal import JournalLine
from bus.accounting.maps import AccountMap
from bus.accounting.outcome import Held
from bus.accounting.rule import LineSpec, MapLookup, Rule
from bus.accounting.settle import settle
from bus.money import HALF_UP, format_minor, round_money, to_minor

Env = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Derivation:
    """One event in one book. `env` holds the values of the names that expressions use."""

    rule: Rule
    book: str
    chart: Chart
    maps: Mapping[str, AccountMap]
    env: Env
    day: date
    currency: str

    def lines(self) -> tuple[JournalLine, ...]:
        """The balanced, checked and merged lines. Raises Held with a code when there are none to be had."""
        try:
            for name, expression in self.rule.let:
                self.env[name] = expression.evaluate(self.env)
            drafts = [line for spec in self.rule.lines[self.book] for line in self._lines_of(spec)]
            return settle(drafts, self.rule, self.chart, self.env, currency=self.currency, book=self.book)
        except (EngineError, ArithmeticError) as error:
            raise Held(
                "EXPRESSION_FAILED",
                f"rule {self.rule.name}@{self.rule.version}: {getattr(error, 'message', '') or type(error).__name__}",
                detail={"rule": self.rule.name, "version": self.rule.version, "book": self.book},
                cause=f"{self.rule.name}@{self.rule.version}",
            ) from error

    def _lines_of(self, spec: LineSpec) -> Iterator[JournalLine]:
        if spec.each is None:
            line = self._line(spec, None)
            if line is not None:
                yield line
            return
        for index, member in enumerate(spec.each.members.evaluate(self.env)):
            self.env[spec.each.variable] = member
            if spec.each.index:
                self.env[spec.each.index] = Decimal(index)
            line = self._line(spec, index)
            if line is not None:
                yield line

    def _line(self, spec: LineSpec, index: int | None) -> JournalLine | None:
        env = self.env
        if spec.when is not None and not spec.when.evaluate(env):
            return None
        explain: dict[str, Any] = {"line": spec.id, "item": index}
        account = self._account(spec, index, explain)
        amount = 0 if spec.amount is None else self._amount(spec.amount, spec, explain)
        dims = {}
        for name, expression in spec.dims:
            value = as_text(expression.evaluate(env))
            if value:
                dims[name] = value
        return JournalLine(
            line_id=spec.id if index is None else f"{spec.id}#{index}",
            side=spec.side,
            account=account,
            amount=amount,
            currency=self.currency,
            base_amount=amount,
            dims=dims,
            text=spec.text.render(env) if spec.text is not None else "",
            explain=explain,
        )

    def _amount(self, expression: Expression, spec: LineSpec, explain: dict[str, Any]) -> int:
        value = expression.evaluate(self.env)
        rounded = to_minor(round_money(value, self.currency, HALF_UP), self.currency)
        explain["expression"] = expression.text
        explain["inputs"] = expression.inputs_as_text(self.env)
        explain["value"] = as_text(value)
        explain["rounding"] = "HALF_UP"
        if rounded < 0:
            raise Held(
                "NEGATIVE_AMOUNT",
                f"line {spec.id} would be {format_minor(rounded, self.currency)}",
                detail={"line": spec.id, "item": explain["item"], "book": self.book, "rule": self.rule.name},
                cause=f"{self.rule.name}.{spec.id}",
            )
        return rounded

    def _account(self, spec: LineSpec, index: int | None, explain: dict[str, Any]) -> str:
        if isinstance(spec.account, str):
            return self.chart.code(spec.account) or spec.account
        return self._mapped(spec, spec.account, index, explain)

    def _mapped(self, spec: LineSpec, lookup: MapLookup, index: int | None, explain: dict[str, Any]) -> str:
        table = self.maps[lookup.name]
        key = {name: as_text(expression.evaluate(self.env)) for name, expression in lookup.keys}
        values = [key[name] for name in table.keys]
        row = table.find(values, self.day)
        if row is None:
            shown = ",".join(f"{name}={value}" for name, value in key.items())
            raise Held(
                "MAP_MISSING",
                f"map {table.name} has no row for {shown} on {self.day}",
                detail={
                    "map": table.name, "key": key, "nearest": table.nearest(values), "date": self.day.isoformat(),
                    "line": spec.id, "item": index, "book": self.book,
                },
                cause=f"{table.name}({shown})",
            )  # fmt: skip
        explain["map"] = {"name": table.name, "key": key, "row": table.shown(row), "place": str(row.place)}
        if row.review_required:
            explain["map"]["review_required"] = True
        return self.chart.code(row.to) or row.to
