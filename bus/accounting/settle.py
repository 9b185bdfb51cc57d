"""From drafted lines to those of an entry: remainder, balance, document check, mandatory dimensions, merge."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from bus.accounting.chart import Chart
from bus.accounting.journal import CREDIT, DEBIT, JournalLine
from bus.accounting.outcome import Held
from bus.accounting.rule import Rule
from bus.money import format_minor, from_minor

ROUNDING_ROLE: Final = "rounding.difference"


def settle(
    drafts: Sequence[JournalLine], rule: Rule, chart: Chart, env: Mapping[str, Any], *, currency: str, book: str
) -> tuple[JournalLine, ...]:
    """The lines of the entry. Raises Held with the code of what does not hold."""
    remainder = next((spec.id for spec in rule.lines[book] if spec.amount is None), None)
    lines = [line if line.line_id != remainder else _remainder(line, drafts, rule, currency) for line in drafts]
    lines = [line for line in lines if line.amount]
    if not lines:
        raise Held("EMPTY_ENTRY", f"rule {rule.name} gives no line above zero", detail={"book": book}, cause=rule.name)
    lines = _balanced(lines, rule, chart, currency, book)
    _check_document(lines, rule, env, currency, book)
    _check_dimensions(lines, chart, book)
    return merge(lines) if rule.merged else tuple(lines)


def _total(lines: Sequence[JournalLine], side: str) -> int:
    return sum(line.amount for line in lines if line.side == side)


def _difference(lines: Sequence[JournalLine]) -> int:
    return _total(lines, DEBIT) - _total(lines, CREDIT)


def _remainder(line: JournalLine, drafts: Sequence[JournalLine], rule: Rule, currency: str) -> JournalLine:
    difference = _difference(drafts)
    amount = -difference if line.side == DEBIT else difference
    if amount < 0:
        raise Held(
            "REMAINDER_NEGATIVE",
            f"the remainder of line {line.line_id} would be {format_minor(amount, currency)}",
            detail={"line": line.line_id, "rule": rule.name},
            cause=f"{rule.name}.{line.line_id}",
        )
    explain = {**line.explain, "expression": "remainder", "inputs": {}, "value": format_minor(amount, currency)}
    return replace(line, amount=amount, base_amount=amount, explain={**explain, "rounding": "none"})


def _balanced(lines: list[JournalLine], rule: Rule, chart: Chart, currency: str, book: str) -> list[JournalLine]:
    difference = _difference(lines)
    if difference == 0:
        return lines
    account = chart.roles.get(ROUNDING_ROLE)
    size = abs(difference)
    if account is None or size > len(lines):
        raise Held(
            "UNBALANCED",
            f"debits and credits of rule {rule.name} differ by {format_minor(size, currency)}",
            detail={"book": book, "rule": rule.name, "difference": format_minor(difference, currency)},
            cause=rule.name,
        )
    shown = format_minor(size, currency)
    explain: dict[str, Any] = {
        "line": "rounding",
        "item": None,
        "expression": "rounding difference",
        "inputs": {},
        "value": shown,
    }
    side = CREDIT if difference > 0 else DEBIT
    line = JournalLine("rounding", side, account, size, currency, size, {}, "", {**explain, "rounding": "none"})
    return [*lines, line]


def _check_document(lines: Sequence[JournalLine], rule: Rule, env: Mapping[str, Any], currency: str, book: str) -> None:
    if rule.check is None:
        return

    def total(side: str) -> Decimal:
        return from_minor(_total(lines, side), currency)

    checked = {**env, "total": total, "debit": DEBIT, "credit": CREDIT}
    if not rule.check.evaluate(checked):
        inputs = {path: text for path, text in rule.check.inputs_as_text(checked).items() if path != "total"}
        totals = {side: format_minor(_total(lines, side), currency) for side in (DEBIT, CREDIT)}
        raise Held(
            "CHECK_FAILED",
            f"rule {rule.name}: {rule.check.text} does not hold",
            detail={"check": rule.check.text, "inputs": inputs, "totals": totals, "book": book},
            cause=rule.name,
        )


def _check_dimensions(lines: Sequence[JournalLine], chart: Chart, book: str) -> None:
    for line in lines:
        for name in chart.accounts[line.account].required_dims:
            if name not in line.dims:
                raise Held(
                    "DIMENSION_MISSING",
                    f"account {line.account} needs the dimension {name}",
                    detail={"account": line.account, "dimension": name, "line": line.line_id, "book": book},
                    cause=f"{line.account}.{name}",
                )


def merge(lines: Sequence[JournalLine]) -> tuple[JournalLine, ...]:
    """Lines equal in side, account, dimensions and currency become one, whose explanation keeps each of them."""
    groups: dict[tuple[Any, ...], list[JournalLine]] = {}
    for line in lines:
        key = (line.side, line.account, line.currency, tuple(sorted(line.dims.items())))
        groups.setdefault(key, []).append(line)
    return tuple(group[0] if len(group) == 1 else _merged(group) for group in groups.values())


def _merged(group: Sequence[JournalLine]) -> JournalLine:
    first = group[0]
    return replace(
        first,
        amount=sum(line.amount for line in group),
        base_amount=sum(line.base_amount for line in group),
        text="; ".join(dict.fromkeys(line.text for line in group if line.text)),
        explain={
            "line": first.explain["line"],
            "merged": [{**line.explain, "amount": format_minor(line.amount, line.currency)} for line in group],
        },
    )
