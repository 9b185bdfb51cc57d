"""The sample month: the figures that its README promises, in both languages, and how each came about."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bus.errors import words_of
from tests.acceptance.command import PROJECT, Finished, ledgerbus
from tests.acceptance.ledgers import bean_check, beancount_balances, hledger, hledger_balances
from tests.acceptance.stored import balances

EXPECTED = {
    "events": {"accepted": 47, "duplicate": 1, "conflict": 1, "invalid": 1},
    "entries": {
        "expense.reimbursement": {"count": 18, "sum": "21606.90"},
        "expense.payment": {"count": 11, "sum": "12186.50"},
        "purchase.invoice": {"count": 2, "sum": "32500.00"},
    },
    "reversals": {"count": 2, "sum": "-2042.00"},
    "no_op": {"no_ledger_effect": 8, "already_live": 1, "zero_amount": 1, "nothing_to_reverse": 1},
    "exceptions": {"MAP_MISSING": 1, "NO_LIVE_APPROVAL": 1},
    "trial_balance": "0.00",
    "chain": "ok",
    "voucher_gaps": 0,
}
BALANCES = {"2241.03": "-4018.40", "1002": "-12186.50", "2221.01.01": "2102.50", "2221.08": "1419.00"}
CONFIRMED = {"confirmed": 33, "rejected": 0, "in_doubt": 0, "pending": 0}
HEADINGS = {
    "en": ("Vouchers", "Waiting for a person", "Trial balance", "In figures"),
    "zh": ("凭证", "待人工处理", "试算平衡表", "汇总"),
}
Month = Callable[[str], tuple[Path, Finished]]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    """The month in a language, once: its home and what the command left."""
    done: dict[str, tuple[Path, Finished]] = {}

    def run(language: str) -> tuple[Path, Finished]:
        if language not in done:
            home = tmp_path_factory.mktemp(f"month-{language}") / "home"
            done[language] = home, ledgerbus("demo", "--json", "--language", language, "--home", home)
        assert done[language][1].code == 0, done[language][1].err
        return done[language]

    return run


def traced(month: Month, document: str) -> dict[str, Any]:
    told = ledgerbus("trace", document, "--json", "--home", month("en")[0])
    assert told.code == 0, told.err
    return told.result


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_month_ends_with_the_figures_its_readme_promises(month: Month, language: str) -> None:
    figures = month(language)[1].result
    assert {name: figures[name] for name in EXPECTED} == EXPECTED
    assert {account: figures["accounts"][account]["balance"] for account in BALANCES} == BALANCES
    assert figures["postings"] == {"beancount": CONFIRMED, "sandbox": CONFIRMED}


def test_the_readme_of_the_samples_says_the_same_figures() -> None:
    text = (PROJECT / "rules" / "samples" / "README.md").read_text(encoding="utf-8")
    amounts = [of_rule["sum"] for of_rule in EXPECTED["entries"].values()] + [EXPECTED["reversals"]["sum"]]
    amounts += [amount.removeprefix("-") for amount in BALANCES.values()]
    assert [amount for amount in amounts if amount not in text] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_people_read_it_in_their_language_with_no_traceback_and_no_bare_code(month: Month, language: str) -> None:
    told = month(language)[1].text
    assert "Traceback" not in told
    assert [heading for heading in HEADINGS[language] if heading not in told] == []
    assert [heading for heading in HEADINGS["zh" if language == "en" else "en"] if f"\n{heading}\n" in told] == []
    for code in EXPECTED["exceptions"]:
        words = words_of(code)
        remedy = words.remedy_zh if language == "zh" else words.remedy_en
        assert remedy.split()[0] in told
    shown = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", told)) - {"CN_GAAP"}
    assert [code for code in sorted(shown) if not words_of(code).zh] == []


def test_both_ledger_programs_add_up_what_the_store_adds_up(month: Month) -> None:
    home = month("zh")[0]
    main = home / "ledger" / "CN01" / "CN_GAAP" / "main.beancount"
    journal = home / "exports" / "CN01-CN_GAAP.journal"
    assert bean_check(main).returncode == 0
    assert hledger("-f", str(journal), "check", "--strict").returncode == 0
    [of_store] = balances(home).values()
    assert of_store == beancount_balances(main) == hledger_balances(journal)


def test_a_trace_goes_from_the_event_to_what_the_ledgers_confirmed(month: Month) -> None:
    trace = traced(month, "BX-2026-1101")
    assert [(e["event_id"], e["state"]) for e in trace["events"]] == [
        ("BX-2026-1101/1", "booked"),
        ("BX-2026-1101/2", "booked"),
    ]
    claim = trace["vouchers"][0]
    assert claim["rule"] == "expense.reimbursement@1"
    assert re.fullmatch(r"记-2026-11-\d{4}", claim["voucher"])
    travel = next(line for line in claim["lines"] if line["account"] == "6602.10")
    assert (travel["debit"], travel["credit"], travel["explain"]["value"]) == ("1000.00", None, "1000.00")
    assert travel["explain"]["map"] == {
        **travel["explain"]["map"],
        "name": "expense_account",
        "key": {"category": "差旅费", "dept_kind": "管理"},
    }
    assert travel["explain"]["inputs"] == {"item.deductible": "true", "item.gross": "1060.00", "item.tax": "60.00"}
    assert all(line["explain"]["expression"] and line["explain"]["value"] for line in claim["lines"])
    confirmed = {(p["voucher"], p["target"], p["state"]) for p in trace["postings"]}
    assert confirmed == {(v["voucher"], t, "confirmed") for v in trace["vouchers"] for t in ("beancount", "sandbox")}
    assert all(posting["reference"] for posting in trace["postings"])


def test_a_trace_shows_people_the_same_in_words(month: Month) -> None:
    trace = traced(month, "BX-2026-1101")
    for language in ("en", "zh"):
        told = ledgerbus("trace", "BX-2026-1101", "--home", month("en")[0], "--language", language)
        assert told.code == 0, told.err
        wanted = ["BX-2026-1101/1", "expense.reimbursement@1", "item.gross 1060.00", "expense_account", "confirmed"]
        wanted += [voucher["voucher"] for voucher in trace["vouchers"]]
        wanted += [posting["reference"] for posting in trace["postings"]]
        assert [word for word in wanted if word not in told.out] == []


@pytest.mark.parametrize(
    ("document", "states", "code"),
    [
        ("BX-2026-1103", ["booked", "booked"], None),
        ("BX-2026-1111", ["no_op"], None),
        ("BX-2026-1115", ["held", "parked"], "MAP_MISSING"),
        ("BX-2026-1121", ["no_op"], None),
        ("BX-2026-1122", ["held"], "NO_LIVE_APPROVAL"),
    ],
)
def test_a_trace_says_what_became_of_each_event(month: Month, document: str, states: list[str], code: str) -> None:
    trace = traced(month, document)
    assert [event["state"] for event in trace["events"]] == states
    assert [raised["code"] for raised in trace["exceptions"]] == ([code] if code else [])
    reversed_by = {voucher["reverses"] for voucher in trace["vouchers"]} - {None}
    assert reversed_by <= {voucher["voucher"] for voucher in trace["vouchers"]} | {
        voucher["entry_id"] for voucher in trace["vouchers"]
    }
    assert bool(reversed_by) == (document == "BX-2026-1103")


def test_what_a_person_must_do_stands_in_the_trace(month: Month) -> None:
    told = ledgerbus("trace", "BX-2026-1115", "--home", month("en")[0])
    assert "MAP_MISSING" in told.out
    assert words_of("MAP_MISSING").remedy_en in told.out
    assert "健身费" in told.out


def test_the_last_line_is_one_json_object_and_nothing_else_is_on_stdout(month: Month) -> None:
    out = month("en")[1].out
    assert out.count("\n") == 1
    assert isinstance(json.loads(out), dict)
