"""Rules run by rule-engine's interpreter and by plain loops: what generated code is compared with."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from bus.accounting.chart import Chart
from bus.accounting.expression import Expression
from bus.accounting.journal import JournalLine
from bus.accounting.maps import AccountMap, MapRow
from bus.accounting.minor import MinorUnit
from bus.accounting.operations import as_text
from bus.accounting.outcome import Held
from bus.accounting.pack import RulePack
from bus.accounting.rule import LineSpec, MapLookup, Rule
from bus.accounting.template import Template
from bus.money import HALF_UP, format_minor, round_money, to_minor


def interpreted(pack: RulePack) -> RulePack:
    """The same pack with every expression, text and derivation interpreted."""
    rules = tuple(map(_rule, pack.rules))
    derivations = {
        (rule.name, rule.version, book): partial(_lines, rule, book, pack.charts[pack.books[book]], pack.maps)
        for rule in rules
        for book in rule.books
    }
    return replace(pack, rules=rules, derivations=derivations)


def found(table: AccountMap, values: tuple[str, ...], day: date) -> MapRow | None:
    """The row of a map, by looking at all of them."""
    fitting = [
        row
        for row in table.rows
        if row.span.covers(day) and all(a is None or a == b for a, b in zip(row.values, values, strict=True))
    ]
    return max(fitting, key=lambda row: len(row.mask), default=None)


def _rule(rule: Rule) -> Rule:
    requires = rule.requires
    if requires is not None:
        requires = replace(requires, document=_expression(requires.document), key=_expression(requires.key))
    return replace(
        rule,
        when=_expression(rule.when),
        no_entry=tuple((replace(when, evaluate=when.node.evaluate), reason) for when, reason in rule.no_entry),
        requires=requires,
        life_key=_expression(rule.life_key),
        check=_expression(rule.check),
        voucher=rule.voucher and replace(rule.voucher, text=_template(rule.voucher.text)),
    )


def _expression(expression: Expression | None) -> Expression | None:
    return None if expression is None else replace(expression, evaluate=expression.node.evaluate)


def _template(template: Template) -> Template:
    return replace(template, render=partial(_rendered, template))


def _rendered(template: Template, env: Any) -> str:
    pieces = (part if isinstance(part, str) else as_text(part.node.evaluate(env)) for part in template.parts)
    return "".join(pieces).strip()


def _lines(
    rule: Rule, book: str, chart: Chart, maps: dict[str, AccountMap], env: dict[str, Any], day: date, unit: MinorUnit
) -> tuple[list[JournalLine], int | None]:
    lines: list[JournalLine] = []
    remainder = None
    for name, expression in rule.let:
        env[name] = expression.node.evaluate(env)
    for spec in rule.lines[book]:
        for index, names in _repeated(spec, env):
            seen = {**env, **names}
            if spec.when is None or spec.when.node.evaluate(seen):
                remainder = len(lines) if spec.amount is None else remainder
                lines.append(_line(spec, index, seen, rule, book, chart, maps, day, unit.currency))
    return lines, remainder


def _repeated(spec: LineSpec, env: dict[str, Any]) -> list[tuple[int | None, dict[str, Any]]]:
    if spec.each is None:
        return [(None, {})]
    members = enumerate(spec.each.members.node.evaluate(env))
    return [(n, {spec.each.variable: member, spec.each.index or "": Decimal(n)}) for n, member in members]


def _line(
    spec: LineSpec,
    index: int | None,
    env: dict[str, Any],
    rule: Rule,
    book: str,
    chart: Chart,
    maps: dict[str, AccountMap],
    day: date,
    currency: str,
) -> JournalLine:
    explain: dict[str, Any] = {"line": spec.id, "item": index}
    account = spec.account
    if isinstance(account, MapLookup):
        account = _mapped(spec, account, maps[account.name], env, day, book, explain)
    amount = 0
    if spec.amount is not None:
        value = spec.amount.node.evaluate(env)
        amount = to_minor(round_money(value, currency, HALF_UP), currency)
        inputs = {path: as_text(node.evaluate(env)) for path, node in spec.amount.inputs.items()}
        explain |= {"expression": spec.amount.text, "inputs": inputs, "value": f"{value:f}", "rounding": "HALF_UP"}
    if amount < 0:
        detail = {"line": spec.id, "item": index, "book": book, "rule": rule.name}
        message = f"line {spec.id} would be {format_minor(amount, currency)}"
        raise Held("NEGATIVE_AMOUNT", message, detail=detail, cause=f"{rule.name}.{spec.id}")
    dims = {name: as_text(expression.node.evaluate(env)) for name, expression in spec.dims}
    line_id = spec.id if index is None else f"{spec.id}#{index}"
    text = "" if spec.text is None else _rendered(spec.text, env)
    dims = {name: value for name, value in dims.items() if value}
    code = chart.code(account) or account
    return JournalLine(line_id, spec.side, code, amount, currency, amount, dims, text, explain)


def _mapped(
    spec: LineSpec,
    lookup: MapLookup,
    table: AccountMap,
    env: dict[str, Any],
    day: date,
    book: str,
    explain: dict[str, Any],
) -> str:
    key = {name: as_text(expression.node.evaluate(env)) for name, expression in lookup.keys}
    values = tuple(key[name] for name in table.keys)
    row = found(table, values, day)
    if row is None:
        shown = ",".join(f"{name}={value}" for name, value in key.items())
        detail = {"map": table.name, "key": key, "nearest": table.nearest(values), "date": str(day), "line": spec.id}
        message = f"map {table.name} has no row for {shown} on {day}"
        held = {**detail, "item": explain["item"], "book": book}
        raise Held("MAP_MISSING", message, detail=held, cause=f"{table.name}({shown})")
    named = {name: "*" if value is None else value for name, value in zip(table.keys, row.values, strict=True)}
    explain["map"] = {"name": table.name, "key": key, "row": {**named, "to": row.to}, "place": str(row.place)}
    if row.review_required:
        explain["map"]["review_required"] = True
    return row.to
