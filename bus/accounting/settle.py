"""From drafted lines to those of an entry: remainder, balance, document check, mandatory dimensions, merge."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from bus.accounting.chart import Chart
from bus.accounting.journal import CREDIT, DEBIT, JournalLine
from bus.accounting.minor import MinorUnit
from bus.accounting.outcome import Held
from bus.accounting.rule import Rule

ROUNDING_ROLE: Final = "rounding.difference"


def settle(
    drafts: list[JournalLine],
    remainder: int | None,
    env: Mapping[str, Any],
    unit: MinorUnit,
    *,
    rule: Rule,
    chart: Chart,
    book: str,
) -> tuple[JournalLine, ...]:
    """The lines of the entry; `remainder` is the place of the line that takes what is left.

    Raises Held with the code of what does not hold.
    """
    totals = {DEBIT: 0, CREDIT: 0}
    for line in drafts:
        totals[line.side] += line.amount
    if remainder is not None:
        drafts[remainder] = line = _remainder(drafts[remainder], totals, rule, unit)
        totals[line.side] += line.amount
    lines = [line for line in drafts if line.amount]
    if not lines:
        raise Held("EMPTY_ENTRY", f"rule {rule.name} gives no line above zero", detail={"book": book}, cause=rule.name)
    difference = totals[DEBIT] - totals[CREDIT]
    if difference:
        line = _rounding(difference, len(lines), rule, chart, unit=unit, book=book)
        lines.append(line)
        totals[line.side] += line.amount
    if rule.check is not None:
        _check_document(totals, rule, env, unit, book)
    _check_dimensions(lines, chart, book)
    return merge(lines, unit) if rule.merged else tuple(lines)


def _remainder(line: JournalLine, totals: Mapping[str, int], rule: Rule, unit: MinorUnit) -> JournalLine:
    difference = totals[DEBIT] - totals[CREDIT]
    amount = -difference if line.side == DEBIT else difference
    shown = unit.text(amount)
    if amount < 0:
        raise Held(
            "REMAINDER_NEGATIVE",
            f"the remainder of line {line.line_id} would be {shown}",
            detail={"line": line.line_id, "rule": rule.name},
            cause=f"{rule.name}.{line.line_id}",
        )
    explain = {**line.explain, "expression": "remainder", "inputs": {}, "value": shown, "rounding": "none"}
    return JournalLine(
        line.line_id, line.side, line.account, amount, unit.currency, amount, line.dims, line.text, explain
    )


def _rounding(difference: int, count: int, rule: Rule, chart: Chart, *, unit: MinorUnit, book: str) -> JournalLine:
    """The line that takes a difference of at most one minor unit a line."""
    account = chart.roles.get(ROUNDING_ROLE)
    size = abs(difference)
    shown = unit.text(size)
    if account is None or size > count:
        raise Held(
            "UNBALANCED",
            f"debits and credits of rule {rule.name} differ by {shown}",
            detail={"book": book, "rule": rule.name, "difference": unit.text(difference)},
            cause=rule.name,
        )
    explain: dict[str, Any] = {"line": "rounding", "item": None, "expression": "rounding difference", "inputs": {}}
    explain |= {"value": shown, "rounding": "none"}
    side = CREDIT if difference > 0 else DEBIT
    return JournalLine("rounding", side, account, size, unit.currency, size, {}, "", explain)


def _check_document(totals: Mapping[str, int], rule: Rule, env: Mapping[str, Any], unit: MinorUnit, book: str) -> None:
    check = rule.check
    checked = {**env, "total": lambda side: unit.amount(totals.get(side, 0)), "debit": DEBIT, "credit": CREDIT}
    if check is not None and not check.evaluate(checked):
        raise Held(
            "CHECK_FAILED",
            f"rule {rule.name}: {check.text} does not hold",
            detail={
                "check": check.text, "inputs": check.inputs_as_text(checked), "book": book,
                "totals": {side: unit.text(total) for side, total in totals.items()},
            },
            cause=rule.name,
        )  # fmt: skip


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


def merge(lines: Sequence[JournalLine], unit: MinorUnit) -> tuple[JournalLine, ...]:
    """Lines of one currency, equal in side, account and dimensions, become one that still explains each of them."""
    if len({(line.side, line.account) for line in lines}) == len(lines):
        return tuple(lines)
    groups: list[list[JournalLine]] = []
    alike: dict[tuple[str, str], list[list[JournalLine]]] = {}
    for line in lines:
        found = alike.setdefault((line.side, line.account), [])
        for group in found:
            if group[0].dims == line.dims:
                group.append(line)
                break
        else:
            found.append([line])
            groups.append(found[-1])
    return tuple([group[0] if len(group) == 1 else _merged(group, unit) for group in groups])


def _merged(group: Sequence[JournalLine], unit: MinorUnit) -> JournalLine:
    first = group[0]
    amount = sum(line.amount for line in group)
    return replace(
        first,
        amount=amount,
        base_amount=amount,
        text="; ".join(dict.fromkeys(line.text for line in group if line.text)),
        explain={
            "line": first.explain["line"],
            "merged": [{**line.explain, "amount": unit.text(line.amount)} for line in group],
        },
    )
