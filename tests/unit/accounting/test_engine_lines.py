"""From a document to lines: maps, rounding, remainder, checks, dimensions, and which rule applies."""

from typing import Any

import pytest

from bus.accounting.outcome import Booked, Failure, NoOp, Outcome
from tests.unit.accounting.packs import (
    PLAIN_LINES,
    MemoryLedger,
    claim,
    engine,
    made,
    shown,
    small_engine,
    small_rule,
)

MAPPED_LINES = (
    "  - {id: cost, for_each: item in doc.rows, side: debit, account: {map: cost, category: item.category},\n"
    "     amount: item.gross, dims: {department: item.dept}}\n"
    "  - {id: owed, side: credit, account: payable, amount: remainder}\n"
)
CHECKED = "check: total(debit) == doc.total\n"


def _after(outcome: Outcome) -> Booked:
    assert isinstance(outcome, Booked), outcome
    return outcome


def _held(outcome: Outcome) -> Failure:
    assert isinstance(outcome, Failure), outcome
    return outcome


def _journalize(rule: str, *, rounding: bool = True, total: str = "10.00", **data: Any) -> Outcome:
    return small_engine(rule, rounding=rounding).journalize(claim("R-1", total, **data), MemoryLedger())


def test_a_missing_map_row_names_its_key_and_the_nearest_rows() -> None:
    row = {"category": "差旅", "dept_kind": "管理", "dept": "D01", "gross": "10.00"}
    data = {"doc_no": "BX-1", "employee": "张三", "accounting_date": "2026-11-05", "currency": "CNY", "total": "10.00"}
    event = made("reimbursement.approved", "BX-1", "1", {**data, "rows": [row]}, company="CN01")
    held = _held(engine("cn-gaap").journalize(event, MemoryLedger()))
    assert (held.code, held.blocks) == ("MAP_MISSING", True)
    assert held.cause == "expense_account(category=差旅,dept_kind=管理)"
    assert (held.detail["map"], held.detail["key"]) == ("expense_account", {"category": "差旅", "dept_kind": "管理"})
    assert held.detail["nearest"][0] == {"category": "差旅费", "dept_kind": "管理", "to": "6602.10"}


def test_a_map_row_holds_from_its_first_day_until_the_day_it_ends() -> None:
    small = small_engine(small_rule(MAPPED_LINES, head=CHECKED))
    last = small.journalize(claim("R-1", "10.00", accounting_date="2017-12-31"), MemoryLedger())
    first = small.journalize(claim("R-2", "10.00", accounting_date="2018-01-01"), MemoryLedger())
    assert _after(last).entries[0].lines[0].account == "5000"
    assert _after(first).entries[0].lines[0].account == "5100"


def test_a_dimension_the_account_needs_is_not_left_out() -> None:
    rule = small_rule(MAPPED_LINES.replace(", dims: {department: item.dept}", ""), head=CHECKED)
    held = _held(_journalize(rule, accounting_date="2018-01-01"))
    assert (held.code, held.detail["dimension"], held.detail["account"]) == ("DIMENSION_MISSING", "department", "5100")


def test_rows_that_do_not_add_up_to_the_total_are_held() -> None:
    held = _held(
        _journalize(small_rule(MAPPED_LINES, head=CHECKED), total="11.00", rows=claim("R", "10.00").data["rows"])
    )
    assert held.code == "CHECK_FAILED"
    assert held.detail["totals"] == {"debit": "10.00", "credit": "10.00"}
    assert held.detail["inputs"]["doc.total"] == "11.00"


def test_a_line_below_zero_is_held() -> None:
    assert _held(_journalize(small_rule(PLAIN_LINES), total="-10.00")).code == "NEGATIVE_AMOUNT"


def test_a_remainder_of_the_wrong_sign_is_held() -> None:
    lines = (
        '  - {id: cost, side: debit, account: "5000", amount: doc.total - doc.advance}\n'
        "  - {id: paid, side: credit, account: bank, amount: doc.total}\n"
        "  - {id: owed, side: credit, account: payable, amount: remainder}\n"
    )
    held = _held(_journalize(small_rule(lines, head="check: total(debit) > 0\n"), advance="1.00"))
    assert held.code == "REMAINDER_NEGATIVE"


def test_lines_that_all_round_to_zero_are_no_entry() -> None:
    assert _held(_journalize(small_rule(PLAIN_LINES), total="0.004")).code == "EMPTY_ENTRY"


THIRDS = (
    "".join(f'  - {{id: part{n}, side: debit, account: "5000", amount: doc.total / 3}}\n' for n in range(3))
    + "  - {id: owed, side: credit, account: payable, amount: doc.total}\n"
)


def test_a_rounding_difference_is_seen_on_an_account_of_its_own() -> None:
    entry = _after(_journalize(small_rule(THIRDS))).entries[0]
    assert shown(entry)[:3] == [("debit", "5000", 333)] * 3
    assert shown(entry)[4] == ("debit", "5900", 1)


def test_without_a_rounding_account_nothing_is_balanced_in_silence() -> None:
    assert _held(_journalize(small_rule(THIRDS), rounding=False)).code == "UNBALANCED"


def test_a_difference_larger_than_a_cent_a_line_is_unbalanced() -> None:
    lines = PLAIN_LINES.replace("amount: doc.total, dims", "amount: doc.total - 0.03, dims")
    held = _held(_journalize(small_rule(lines)))
    assert (held.code, held.detail["difference"]) == ("UNBALANCED", "0.03")


def test_amounts_are_rounded_half_up_once_a_line() -> None:
    assert shown(_after(_journalize(small_rule(PLAIN_LINES), total="1.005")).entries[0])[0] == ("debit", "5000", 101)


def test_two_rules_that_match_are_a_conflict_and_none_wins() -> None:
    other = small_rule(PLAIN_LINES, head='when: doc.employee != ""\n').replace("rule: claim", "rule: other")
    held = _held(small_engine(small_rule(PLAIN_LINES), other).journalize(claim("R-1", "1.00"), MemoryLedger()))
    assert (held.code, held.detail["rules"]) == ("RULE_CONFLICT", ["claim@1", "other@1"])


def test_rules_of_which_none_matches_are_no_rule() -> None:
    assert _held(_journalize(small_rule(PLAIN_LINES, head='when: doc.employee == "E2"\n'))).code == "NO_RULE"


def test_the_version_is_chosen_by_the_accounting_date() -> None:
    first = small_rule(PLAIN_LINES, effective="{from: 2017-01-01, until: 2018-01-01}")
    second = small_rule(PLAIN_LINES.replace('"5000"', '"5990"'), version=2, effective="{from: 2018-01-01}")
    small = small_engine(first, second)
    entries = [
        _after(small.journalize(claim("R", "1.00", accounting_date=day), MemoryLedger())).entries[0]
        for day in ("2017-12-31", "2018-01-01")
    ]
    assert [(entry.rule_version, entry.lines[0].account) for entry in entries] == [(1, "5000"), (2, "5990")]
    held = _held(small.journalize(claim("R", "1.00", accounting_date="2016-12-31"), MemoryLedger()))
    assert held.code == "NO_RULE"


def test_a_foreign_currency_without_a_rate_is_never_taken_as_one() -> None:
    assert _held(_journalize(small_rule(PLAIN_LINES), currency="USD")).code == "FX_RATE_MISSING"


def test_a_division_by_zero_is_held_with_the_rule_that_did_it() -> None:
    held = _held(_journalize(small_rule(PLAIN_LINES.replace("amount: doc.total}", "amount: 1 / doc.advance}"))))
    assert (held.code, held.detail["rule"]) == ("EXPRESSION_FAILED", "claim")


@pytest.mark.parametrize("total", [10.0, "1e3", "12,5", None, "nan"])
def test_what_is_not_an_amount_is_refused_and_not_guessed(total: Any) -> None:
    outcome = _journalize(small_rule(PLAIN_LINES), total=total)
    assert outcome == NoOp("zero") if total is None and isinstance(outcome, NoOp) else isinstance(outcome, Failure)


def test_named_values_may_be_written_in_any_order() -> None:
    head = "let: {half: whole / 2, whole: doc.total}\n"
    lines = PLAIN_LINES.replace("amount: doc.total", "amount: half")
    assert _after(_journalize(small_rule(lines, head=head))).entries[0].debit_total() == 500


def test_a_line_can_differ_in_a_book() -> None:
    lines = PLAIN_LINES.replace("amount: doc.total}", 'amount: doc.total, override: {GL: {account: "5990"}}}', 1)
    assert _after(_journalize(small_rule(lines))).entries[0].lines[0].account == "5990"


def test_equal_lines_become_one_that_still_explains_each_row() -> None:
    rows = [
        {"category": "travel", "dept": "D1", "gross": "4.00"},
        {"category": "travel", "dept": "D1", "gross": "6.00"},
    ]
    head = CHECKED + "merge: {by: [side, account, dims, currency, rate]}\n"
    line = _after(_journalize(small_rule(MAPPED_LINES, head=head), rows=rows)).entries[0].lines[0]
    assert line.amount == 1000
    assert [(part["item"], part["amount"]) for part in line.explain["merged"]] == [(0, "4.00"), (1, "6.00")]


def test_each_line_says_how_it_came_about() -> None:
    lines = MAPPED_LINES.replace("amount: item.gross", "amount: item.gross / 3")
    explain = _after(_journalize(small_rule(lines, head="check: total(debit) > 0\n"))).entries[0].lines[0].explain
    assert explain["value"].startswith("3.333333333333333333333333333333333")
    shown_parts = {key: explain[key] for key in ("line", "item", "expression", "inputs", "rounding")}
    assert shown_parts == {
        "line": "cost",
        "item": 0,
        "expression": "item.gross / 3",
        "inputs": {"item.gross": "10.00"},
        "rounding": "HALF_UP",
    }
    assert explain["map"]["key"] == {"category": "travel"}
    assert explain["map"]["row"] == {"category": "travel", "to": "5000"}
