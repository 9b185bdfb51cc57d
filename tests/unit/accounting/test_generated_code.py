"""Generated code gives what the interpreter gives: the same values, the same lines, the same failures."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext
from functools import cache
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rule_engine.errors import EngineError

from bus.accounting import translation
from bus.accounting.engine import Engine
from bus.accounting.expression import Expression, ExpressionError, compile_expression
from bus.accounting.fields import convert_data
from bus.accounting.findings import Place
from bus.accounting.functions import functions_of
from bus.accounting.lexicon import MAX_TOKENS
from bus.accounting.maps import AccountMap, MapRow
from bus.accounting.operations import digits
from bus.accounting.outcome import Booked, Failure
from bus.accounting.pack import load_pack
from bus.accounting.rule import Span
from bus.errors import Invalid
from bus.money import MONEY_CONTEXT, parse_amount
from tests.unit.accounting.documents import AMOUNTS, consistent, data_of, event_of
from tests.unit.accounting.expressions import DOCUMENTS, LISTS, NUMBERS, RECORD, SCOPE, TEXTS, TRUTHS
from tests.unit.accounting.interpreted import found, interpreted
from tests.unit.accounting.packs import (
    SHIPPED,
    MemoryLedger,
    claim,
    companies,
    engine,
    findings_of,
    schemas,
    shipped,
    small_files,
    small_rule,
)


def _outcome(evaluate: Any, env: Mapping[str, Any]) -> tuple[str, str]:
    """What comes out, as text that tells 1 from 1.0, or the failure and its words."""
    try:
        with localcontext(MONEY_CONTEXT):
            value = evaluate(env)
    except (EngineError, ArithmeticError) as error:
        return type(error).__name__, getattr(error, "message", "")
    return type(value).__name__, repr(value)


def _frozen(value: Any) -> Any:
    """The same values as the interpreter leaves alone; it copies every plain dict that it meets."""
    if isinstance(value, Mapping):
        return MappingProxyType({name: _frozen(member) for name, member in value.items()})
    return tuple(map(_frozen, value)) if isinstance(value, tuple) else value


def _differs(expression: Expression, data: dict[str, Any]) -> bool:
    doc = convert_data(RECORD, data)
    env = {**functions_of("EUR"), "doc": doc}
    seen = {**env, "doc": _frozen(doc)}
    return _outcome(expression.evaluate, env) != _outcome(expression.node.evaluate, seen)


@given(text=NUMBERS | TEXTS | TRUTHS | LISTS, data=st.lists(DOCUMENTS, min_size=3, max_size=3))
@settings(max_examples=600, deadline=None)
def test_an_expression_gives_what_the_interpreter_gives_or_fails_as_it_does(text: str, data: list[Any]) -> None:
    try:
        expression = compile_expression(text, SCOPE)
    except ExpressionError:
        assume(False)
    assert [document for document in data if _differs(expression, document)] == []


@pytest.mark.parametrize(
    ("text", "sign", "instead"),
    [("doc.a - doc.n", "sub", "+"), ("doc.a < 1", "lt", "<="), ("doc.memo == 'a'", "eq", "!=")],
)
def test_a_wrong_translation_is_noticed(text: str, sign: str, instead: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"accounting_date": "2026-11-05", "a": "1.00", "n": 3, "memo": "a"}
    assert not _differs(compile_expression(text, SCOPE), data)
    monkeypatch.setitem(translation._SIGNS, sign, instead)  # type: ignore[index]
    assert _differs(compile_expression(text, SCOPE), data)


@pytest.mark.parametrize(
    "text",
    [
        "not " * (MAX_TOKENS - 3) + "doc.flag",
        "- " * (MAX_TOKENS - 3) + "doc.a",
        " * ".join(["doc.n"] * (MAX_TOKENS // 4)),
        "doc.flag ? 1 : " * 12 + "doc.a",
        "(" * 20 + "doc.a" + ")" * 20,
        "[" * 20 + "doc.a" + "]" * 20,
        " + ".join(f"(doc.flag ? {n} : doc.a)" for n in range(7)),
    ],
    ids=["not", "minus", "times", "ternary", "brackets", "lists", "sum"],
)
def test_the_longest_and_deepest_expressions_become_functions(text: str) -> None:
    data = {"accounting_date": "2026-11-05", "a": "1.50", "n": 3, "flag": False}
    assert not _differs(compile_expression(text, SCOPE), data)


@pytest.mark.parametrize(
    "text",
    [
        'doc.memo.starts_with("a")', "-doc.memo == doc.memo", "-doc.paid_on == doc.paid_on",
        "doc.paid_on - doc.accounting_date == doc.paid_on - doc.accounting_date", "[doc.a] < [doc.r]",
        "{doc.a} == {doc.r}", "{doc.a}", "[[x for x in [x]] for x in doc.shares]", "[min]", "{'a': doc.a}['a']",
        "doc.shares[0:1]", "$abs(doc.a)", "doc.memo =~ 'a'",
    ],
)  # fmt: skip
def test_what_has_no_translation_is_refused_when_rules_are_loaded(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text, SCOPE)


def test_what_for_each_names_may_not_hide_another_name() -> None:
    lines = '  - {id: cost, for_each: doc in doc.rows, side: debit, account: "5000", amount: doc.gross}\n'
    (finding,) = findings_of(small_files(small_rule(lines)))
    assert "for_each doc hides another name" in finding


def test_generated_functions_see_no_built_ins_of_python() -> None:
    made: Any = compile_expression("min(doc.a, round(doc.r)) > 0", SCOPE).evaluate
    assert made.__globals__["__builtins__"] == {}


HARD_RULE = small_rule(
    '  - {id: each, for_each: "row, n in doc.rows", when: row.gross != 2, side: debit,\n'
    "     account: {map: kind, dept: row.dept, deductible: row.deductible},\n"
    '     amount: "shares[n] + n * 0", dims: {department: row.dept, employee: doc.employee},\n'
    '     text: "{n} {row.category} {row.gross} {doc.accounting_date} {doc.final}"}\n'
    '  - {id: tax, when: tax != 0, side: debit, account: "5000", amount: tax, text: "{doc.employee}"}\n'
    "  - {id: owed, when: doc.final, side: credit, account: payable, amount: remainder}\n"
    "  - {id: all, when: not doc.final, side: credit, account: payable, amount: doc.total / 3 * 3}\n",
    head="when: doc.total != 7\n"
    "let: {weights: '[row.gross for row in doc.rows]', shares: 'split(doc.total - tax, weights)',\n"
    "      tax: 'sum([row.tax for row in doc.rows if row.deductible])'}\n"
    "merge: {by: [side, account, dims, currency, rate]}\ncheck: total(debit) >= tax and total('x') == 0\n",
)
HARD_MAP = (
    "maps:\n  kind:\n    keys: [dept, deductible]\n    rows:\n"
    "      - {dept: D1, deductible: true, to: '5100', from: 2017-01-01}\n"
    "      - {dept: D1, to: '5000', from: 2017-01-01, until: 2026-12-01}\n"
    "      - {dept: D9, to: payable, from: 2017-01-01, review_required: true}\n"
)


@cache
def _pair(name: str) -> tuple[Engine, Engine]:
    """An engine as it is, and the same interpreted."""
    if name == "hard":
        files = {**small_files(HARD_RULE), "hard.yaml": HARD_MAP}
        files["pack.yaml"] = files["pack.yaml"].replace("[employee]", "[employee, department]")
        pack, company = load_pack("small", files, schemas()), companies()["EU01"]
        return Engine(pack, company), Engine(interpreted(pack), company)
    return engine(name), Engine(interpreted(shipped(name)), companies()[SHIPPED[name]])


def _same(name: str, kind: str, data: dict[str, Any], ledger: MemoryLedger, number: int) -> Any:
    made, plain = _pair(name)
    event = event_of(kind, number, data)
    outcome, expected = made.journalize(event, ledger), plain.journalize(event, ledger)
    assert outcome == expected
    if isinstance(outcome, Booked) and isinstance(expected, Booked):
        for entry, other in zip(outcome.entries, expected.entries, strict=True):
            assert [line.explain for line in entry.lines] == [line.explain for line in other.lines]
        ledger.take(outcome.entries)
    return outcome


@pytest.mark.parametrize("name", SHIPPED)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_rule_gives_the_entries_and_failures_that_the_interpreter_gives(name: str, data: st.DataObject) -> None:
    ledger, currency = MemoryLedger(), engine(name).company.base_currency
    kinds = ["reimbursement.approved", "invoice.received", "payment.made", "reimbursement.approved"]
    for number, kind in enumerate(data.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=4))):
        drawn = {**data.draw(data_of(kind)), "currency": currency}
        if kind == "reimbursement.approved" and data.draw(st.booleans()):
            drawn = consistent(drawn)
        _same(name, kind, drawn, ledger, number)


_HARD_ROWS = st.fixed_dictionaries(
    {
        "category": st.sampled_from(["travel", "员"]),
        "dept": st.sampled_from(["D1", "D1", "D9", "D2", ""]),
        "gross": st.sampled_from(["1.00", "2", "0.333", "0", "10.05"]),
        "tax": st.sampled_from(["0", "0.004", "0.30", "-1"]),
        "deductible": st.booleans(),
    }
)


@given(
    rows=st.lists(_HARD_ROWS, max_size=4), total=st.sampled_from(["0", "1", "7", "10", "100.01"]), last=st.booleans()
)
@settings(max_examples=400, deadline=None)
def test_a_rule_that_uses_everything_gives_what_the_interpreter_gives(rows: Any, total: str, last: bool) -> None:
    data = claim("X", total, rows=rows, final=last).data
    _same("hard", "reimbursement.approved", data, MemoryLedger(), 1)


def test_the_rule_that_uses_everything_books_merges_and_fails() -> None:
    row = {"category": "travel", "dept": "D1", "gross": "1.00", "tax": "0", "deductible": True}
    outcomes = [
        _same("hard", "reimbursement.approved", claim("X", "9.99", rows=rows, final=True).data, MemoryLedger(), 1)
        for rows in ([row, row], [], [{**row, "dept": "D9"}], [{**row, "dept": "D2"}])
    ]
    booked, failed, wide, missing = outcomes
    assert isinstance(booked, Booked)
    assert isinstance(wide, Booked)
    assert [len(line.explain.get("merged", ())) for line in booked.entries[0].lines] == [2, 0]
    assert wide.entries[0].lines[0].explain["map"]["review_required"]
    assert [failure.code for failure in (failed, missing) if isinstance(failure, Failure)] == [
        "EXPRESSION_FAILED",
        "MAP_MISSING",
    ]


def test_a_derivation_that_loses_an_explanation_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = _pair("en-eur")
    ((key, derive),) = [item for item in made.pack.derivations.items() if item[0][0] == "expense.reimbursement"]

    def forgetful(*arguments: Any) -> Any:
        lines, remainder = derive(*arguments)
        return [replace(line, explain={**line.explain, "inputs": {}}) for line in lines], remainder

    monkeypatch.setattr(made, "pack", replace(made.pack, derivations={**made.pack.derivations, key: forgetful}))
    with pytest.raises(AssertionError):
        _same("en-eur", "reimbursement.approved", claim("X", "5.00").data, MemoryLedger(), 1)


@given(
    text=AMOUNTS | st.from_regex(r"-?[0-9]{0,20}\.?[0-9]{0,8}\n?", fullmatch=True) | st.text("0123.-+eE_ ٣", max_size=6)
)
def test_an_amount_is_read_by_the_one_strict_rule(text: str) -> None:
    data = {"accounting_date": "2026-11-05", "paid_on": "2026-11-05", "a": text}
    try:
        expected = repr(parse_amount(text))
    except Invalid:
        with pytest.raises(Invalid):
            convert_data(RECORD, data)
    else:
        assert repr(convert_data(RECORD, data)["a"]) == expected


@given(st.decimals(allow_nan=False, allow_infinity=False).filter(lambda value: abs(value.adjusted()) < 100))
def test_a_number_is_shown_in_plain_digits(value: Decimal) -> None:
    assert digits(value) == f"{value:f}"


_KEYS = st.sampled_from(["a", "b", None])
_STARTS = st.sampled_from([1, 10, 20])


@given(rows=st.lists(st.tuples(_KEYS, _KEYS, _STARTS, st.booleans()), max_size=9), day=st.integers(1, 28))
def test_the_most_specific_row_of_a_map_that_holds_on_the_day_is_found(rows: list[Any], day: int) -> None:
    made: list[MapRow] = []
    for first, second, start, ends in rows:
        span = Span(date(2026, 1, start), date(2026, 1, start + 5) if ends else None)
        row = MapRow((first, second), str(len(made)), span, False, Place("maps.yaml", 1, 1), {})
        if not any(len(row.mask) == len(other.mask) and row.fits(other) for other in made):
            made.append(row)
    table = AccountMap("kind", ("one", "two"), tuple(made), Place("maps.yaml", 1, 1))
    for values in (("a", "a"), ("a", "b"), ("b", "x"), ("x", "y")):
        assert table.find(values, date(2026, 1, day)) == found(table, values, date(2026, 1, day))
