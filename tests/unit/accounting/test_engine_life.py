"""A document's life: approved, repeated, changed, paid, withdrawn, and in which year."""

from datetime import UTC, datetime

import pytest

from bus.accounting.engine import Engine
from bus.accounting.outcome import Booked, Failure, NoOp, Outcome
from bus.accounting.pack import load_pack
from bus.message import Event
from tests.unit.accounting.packs import (
    PLAIN_LINES,
    MemoryLedger,
    claim,
    companies,
    engine,
    made,
    payment,
    schemas,
    shown,
    small_engine,
    small_files,
    small_rule,
    withdrawal,
)

PAYMENT_RULE = (
    "rule: pay\nversion: 1\neffective: {from: 2017-01-01}\nevent: payment.made\nbooks: [GL]\nrequires: {live: claim}\n"
    'life: {key: doc.payment_no}\nvoucher: {word: by_policy, text: "Payment"}\nlines:\n'
    "  - {id: settled, side: debit, account: payable, amount: doc.amount, dims: {employee: live.dims.employee}}\n"
    "  - {id: bank, side: credit, account: bank, amount: doc.amount}\n"
)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def gl() -> Engine:
    return engine("en-eur")


def _booked(outcome: Outcome) -> Booked:
    assert isinstance(outcome, Booked), outcome
    return outcome


def _code(outcome: Outcome) -> str:
    assert isinstance(outcome, Failure), outcome
    return outcome.code


def test_a_claim_is_owed_then_paid(gl: Engine, ledger: MemoryLedger) -> None:
    approval = _booked(ledger.book(gl, claim("R-1", "120.50"))).entries[0]
    paid = _booked(ledger.book(gl, payment("R-1", "120.50"))).entries[0]
    assert shown(approval) == [("debit", "5000", 12050), ("credit", "2100", 12050)]
    assert shown(paid) == [("debit", "2100", 12050), ("credit", "1000", 12050)]
    assert paid.requires == (approval.entry_id,)
    assert paid.lines[0].dims == {"employee": "E1"}


def test_the_same_approval_while_live_changes_nothing(gl: Engine, ledger: MemoryLedger) -> None:
    ledger.book(gl, claim("R-1", "120.50"))
    again = claim("R-1", "120.5", "e2", memo="other words", accounting_date="2017-05-03")
    assert ledger.book(gl, again) == NoOp("already_live")


def test_other_content_while_live_is_taken_back_and_booked_anew(gl: Engine, ledger: MemoryLedger) -> None:
    first = _booked(ledger.book(gl, claim("R-1", "120.50"))).entries[0]
    red, blue = _booked(ledger.book(gl, claim("R-1", "99.00", "e2"))).entries
    assert (red.reverses, shown(red)) == (first.entry_id, [("debit", "5000", -12050), ("credit", "2100", -12050)])
    assert (blue.text, blue.debit_total()) == ("Correction: Reimbursement R-1", 9900)
    assert [entry.entry_id for entry in ledger.live("R-1")] == [blue.entry_id]


def test_other_content_can_book_the_difference_alone(ledger: MemoryLedger) -> None:
    small = small_engine(small_rule(PLAIN_LINES, head="on_change: difference\n"))
    ledger.book(small, claim("R-1", "100.00"))
    more = _booked(ledger.book(small, claim("R-1", "130.00", "e2"))).entries[0]
    less = _booked(ledger.book(small, claim("R-1", "90.00", "e3"))).entries[0]
    assert shown(more) == [("debit", "5000", 3000), ("credit", "2100", 3000)]
    assert shown(less) == [("credit", "5000", 4000), ("debit", "2100", 4000)]
    assert ledger.book(small, claim("R-1", "90.00", "e4")) == NoOp("already_live")


def test_other_content_is_held_unless_the_rule_decides(ledger: MemoryLedger) -> None:
    small = small_engine(small_rule(PLAIN_LINES))
    ledger.book(small, claim("R-1", "100.00"))
    assert _code(ledger.book(small, claim("R-1", "90.00", "e2"))) == "CHANGED_WHILE_LIVE"


def test_a_withdrawal_takes_back_what_is_live(gl: Engine, ledger: MemoryLedger) -> None:
    approval = _booked(ledger.book(gl, claim("R-1", "120.50"))).entries[0]
    red = _booked(ledger.book(gl, withdrawal("R-1"))).entries[0]
    assert (red.reverses, red.accounting_date.isoformat()) == (approval.entry_id, "2017-06-01")
    assert red.text == "Reversal of {voucher} of 2017-05-02"
    assert ledger.book(gl, withdrawal("R-1", "w2")) == NoOp("nothing_to_reverse")
    assert _booked(ledger.book(gl, claim("R-1", "120.50", "e9"))).entries[0].debit_total() == 12050


def test_a_withdrawal_of_nothing_is_recorded_as_such(gl: Engine, ledger: MemoryLedger) -> None:
    assert ledger.book(gl, withdrawal("R-9")) == NoOp("nothing_to_reverse")


def test_a_withdrawal_without_a_day_falls_on_the_day_it_is_where_the_company_is(ledger: MemoryLedger) -> None:
    china = engine("cn-gaap")
    row = {"category": "办公费", "dept_kind": "管理", "dept": "D01", "gross": "10.00"}
    data = {"doc_no": "BX-1", "employee": "张三", "accounting_date": "2026-11-05", "currency": "CNY", "total": "10.00"}
    ledger.book(china, made("reimbursement.approved", "BX-1", "1", {**data, "rows": [row]}, company="CN01"))
    at = datetime(2026, 11, 6, 17, 0, tzinfo=UTC)
    red = _booked(ledger.book(china, Event("t", "2", "document.withdrawn", "BX-1", "CN01", at, {"doc_no": "BX-1"})))
    assert red.entries[0].accounting_date.isoformat() == "2026-11-07"
    assert red.entries[0].text == "注销 2026-11-05 凭证 {voucher}"


def test_a_paid_claim_is_not_withdrawn_without_a_person(gl: Engine, ledger: MemoryLedger) -> None:
    ledger.book(gl, claim("R-1", "120.50"))
    ledger.book(gl, payment("R-1", "120.50"))
    held = ledger.book(gl, withdrawal("R-1"))
    assert _code(held) == "PAID_DOCUMENT_WITHDRAWN"
    assert isinstance(held, Failure)
    assert held.blocks


def test_a_rule_may_leave_a_receivable_when_a_paid_claim_is_withdrawn(ledger: MemoryLedger) -> None:
    small = small_engine(small_rule(PLAIN_LINES, head="on_withdraw_paid: receivable\n"), PAYMENT_RULE)
    ledger.book(small, claim("R-1", "120.50"))
    paid = _booked(ledger.book(small, payment("R-1", "120.50"))).entries[0]
    red = _booked(ledger.book(small, withdrawal("R-1"))).entries
    assert [entry.debit_total() for entry in red] == [-12050]
    assert [entry.entry_id for entry in ledger.live("R-1")] == [paid.entry_id]


def test_several_payments_of_a_document_are_told_apart_by_their_number(gl: Engine, ledger: MemoryLedger) -> None:
    ledger.book(gl, claim("R-1", "120.50"))
    for number in ("p1", "p2"):
        assert isinstance(ledger.book(gl, payment("R-1", "60.25", number)), Booked)
    assert ledger.book(gl, payment("R-1", "60.25", "p3", payment_no="p2")) == NoOp("already_live")


def test_a_payment_without_a_live_claim_waits_and_holds_nothing_back(gl: Engine, ledger: MemoryLedger) -> None:
    held = ledger.book(gl, payment("R-1", "1.00"))
    assert isinstance(held, Failure)
    assert (held.code, held.blocks) == ("NO_LIVE_APPROVAL", False)


def test_a_payment_of_zero_is_nothing_before_anyone_looks_for_a_claim(gl: Engine, ledger: MemoryLedger) -> None:
    assert ledger.book(gl, payment("R-1", "0.00")) == NoOp("zero_amount")


@pytest.mark.parametrize(
    ("policy", "lines"),
    [
        ("red", [("debit", "5000", -10000), ("credit", "2100", -10000)]),
        ("mirror_current", [("credit", "5000", 10000), ("debit", "2100", 10000)]),
        ("mirror_6901", [("credit", "5990", 10000), ("debit", "2100", 10000)]),
    ],
)
def test_a_withdrawal_in_a_later_year_follows_the_policy(
    ledger: MemoryLedger, policy: str, lines: list[tuple[str, str, int]]
) -> None:
    small = small_engine(small_rule(PLAIN_LINES), prior_year=policy)
    ledger.book(small, claim("R-1", "100.00"))
    entries = _booked(ledger.book(small, withdrawal("R-1", withdrawn_on="2018-01-02"))).entries
    assert shown(entries[0]) == lines


def test_no_withdrawal_moves_to_another_year_without_a_person(ledger: MemoryLedger) -> None:
    small = small_engine(small_rule(PLAIN_LINES))
    ledger.book(small, claim("R-1", "100.00"))
    assert _code(ledger.book(small, withdrawal("R-1", withdrawn_on="2018-01-02"))) == "PRIOR_YEAR"


def test_a_rule_can_settle_the_year_for_itself(ledger: MemoryLedger) -> None:
    small = small_engine(small_rule(PLAIN_LINES, head="prior_year: red\n"))
    ledger.book(small, claim("R-1", "100.00"))
    assert isinstance(ledger.book(small, withdrawal("R-1", withdrawn_on="2018-01-02")), Booked)


def test_an_event_type_without_rules_is_not_expected(ledger: MemoryLedger) -> None:
    small = small_engine(small_rule(PLAIN_LINES))
    assert ledger.book(small, payment("R-1", "1.00")) == NoOp("not_expected")


def test_a_payment_that_names_another_document_asks_for_its_entries(ledger: MemoryLedger) -> None:
    by_name = PAYMENT_RULE.replace("{live: claim}", "{live: claim, document: doc.document_no}")
    small = small_engine(small_rule(PLAIN_LINES), by_name)
    event = made("payment.made", "PAY-7", "7", payment("R-1", "5.00").data)
    assert small.references(event) == frozenset({"R-1"})
    assert _code(ledger.book(small, event)) == "NO_LIVE_APPROVAL"
    ledger.book(small, claim("R-1", "5.00"))
    assert _booked(ledger.book(small, event)).entries[0].document == "PAY-7"


def test_a_payment_can_clear_exactly_what_the_claim_it_names_left_owed(ledger: MemoryLedger) -> None:
    named = PAYMENT_RULE.replace("{live: claim}", "{approved: {rule: claim, document: doc.document_no}}")
    named = named.replace("live.dims", "approved.dims").replace("doc.amount", "approved.lines.owed.amount")
    small = small_engine(small_rule(PLAIN_LINES), named)
    ledger.book(small, claim("R-1", "12.30"))
    entry = _booked(ledger.book(small, payment("R-1", "99.00"))).entries[0]
    assert shown(entry) == [("debit", "2100", 1230), ("credit", "1000", 1230)]
    inputs = entry.lines[0].explain["inputs"]
    assert inputs == {"approved.lines.owed.amount": "12.30"}


def test_a_required_entry_can_be_named_by_its_own_key(ledger: MemoryLedger) -> None:
    keyed = small_rule(PLAIN_LINES, head="life: {key: doc.requisition_no}\n")
    small = small_engine(keyed, PAYMENT_RULE.replace("{live: claim}", "{live: claim, key: doc.method}"))
    ledger.book(small, claim("R-1", "12.30", requisition_no="A"))
    assert _code(ledger.book(small, payment("R-1", "1.00", method="B"))) == "NO_LIVE_APPROVAL"
    assert isinstance(ledger.book(small, payment("R-1", "1.00", method="A")), Booked)


@pytest.mark.parametrize(("policy", "words"), [("single", ["记", "记"]), ("three", ["转", "付"])])
def test_the_voucher_word_can_follow_the_movement_of_cash(ledger: MemoryLedger, policy: str, words: list[str]) -> None:
    claim_rule = small_rule(PLAIN_LINES).replace("word: GJ", "word: by_policy")
    files = small_files(claim_rule, PAYMENT_RULE)
    files["pack.yaml"] = files["pack.yaml"].replace(
        "currency: EUR", f"currency: EUR\nvoucher_words: {{policy: {policy}}}"
    )
    small = Engine(load_pack("small", files, schemas()), companies()["EU01"])
    outcomes = [ledger.book(small, claim("R-1", "5.00")), ledger.book(small, payment("R-1", "5.00"))]
    assert [_booked(outcome).entries[0].word for outcome in outcomes] == words
