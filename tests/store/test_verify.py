"""Whoever changes the journal past its triggers is found out, and the voucher is named."""

import pytest
from sqlalchemy import text

from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.papers import claim, payment
from tests.tampering import past_the_triggers


@pytest.fixture
def desk(store: SqlStore) -> Desk:
    """Five vouchers in one run of numbers."""
    desk = Desk(store)
    desk.run(*(claim(f"D{i}", total=f"{i}1.00") for i in range(1, 6)))
    assert desk.verify().sound
    return desk


def entry(desk: Desk, number: int) -> str:
    ((found,),) = desk.rows("SELECT entry_id FROM journal_entry WHERE number = :n", n=number)
    return str(found)


def test_a_changed_amount_is_found(desk: Desk) -> None:
    with past_the_triggers(desk.store) as connection:
        connection.execute(
            text("UPDATE journal_line SET amount = amount + 1, base_amount = base_amount + 1 WHERE entry_id = :e"),
            {"e": entry(desk, 3)},
        )
    found = desk.verify()
    assert (found.broken, found.unbalanced) == (["EU01 GL GJ-2017-05-0003"], [])
    assert found.chain == "broken"


def test_an_amount_changed_on_one_side_is_found_and_the_entry_called_unbalanced(desk: Desk) -> None:
    with past_the_triggers(desk.store) as connection:
        connection.execute(
            text("UPDATE journal_line SET amount = 1 WHERE side = 'debit' AND entry_id = :e"), {"e": entry(desk, 3)}
        )
    found = desk.verify()
    assert (found.broken, found.unbalanced) == (["EU01 GL GJ-2017-05-0003"], ["EU01 GL GJ-2017-05-0003"])


@pytest.mark.parametrize(
    "change",
    [
        "text = 'other'", "accounting_date = '2017-05-03'", "rule_version = 9", "event_id = 'other'",
        "requires = '[\"x\"]'", "document = 'other'",
    ],
)  # fmt: skip
def test_whatever_else_is_changed_in_an_entry_is_found(desk: Desk, change: str) -> None:
    with past_the_triggers(desk.store) as connection:
        connection.execute(text(f"UPDATE journal_entry SET {change} WHERE entry_id = :e"), {"e": entry(desk, 2)})
    assert desk.verify().broken == ["EU01 GL GJ-2017-05-0002"]


@pytest.mark.parametrize("change", ["account = '1000'", "explain = '{}'", "line_id = 'x'", 'dims = \'{"a": "b"}\''])
def test_whatever_else_is_changed_in_a_line_is_found(desk: Desk, change: str) -> None:
    with past_the_triggers(desk.store) as connection:
        connection.execute(
            text(f"UPDATE journal_line SET {change} WHERE line_no = 1 AND entry_id = :e"), {"e": entry(desk, 2)}
        )
    assert desk.verify().broken == ["EU01 GL GJ-2017-05-0002"]


@pytest.mark.parametrize(("number", "named"), [(3, "EU01 GL GJ-2017-05-0004"), (5, "head of EU01/GL/2017-05/GJ")])
def test_a_deleted_entry_is_found_by_the_next_link_or_by_the_head(desk: Desk, number: int, named: str) -> None:
    gone = {"e": entry(desk, number)}
    with past_the_triggers(desk.store) as connection:
        connection.execute(text("DELETE FROM posting WHERE entry_id = :e"), gone)
        connection.execute(text("DELETE FROM journal_line WHERE entry_id = :e"), gone)
        connection.execute(text("DELETE FROM journal_entry WHERE entry_id = :e"), gone)
    found = desk.verify()
    assert (found.broken, found.gaps) == ([named], 1)


def test_an_entry_whose_lines_are_gone_is_found(desk: Desk) -> None:
    with past_the_triggers(desk.store) as connection:
        connection.execute(text("DELETE FROM journal_line WHERE entry_id = :e"), {"e": entry(desk, 3)})
    found = desk.verify()
    assert (found.broken, found.unbalanced) == (["EU01 GL GJ-2017-05-0003"], ["EU01 GL GJ-2017-05-0003"])


def test_two_entries_that_changed_places_are_found(desk: Desk) -> None:
    with past_the_triggers(desk.store) as connection:
        for old, new in ((2, 99), (4, 2), (99, 4)):
            connection.execute(
                text("UPDATE journal_entry SET number = :new WHERE number = :old"), {"old": old, "new": new}
            )
    found = desk.verify()
    assert found.gaps == 0
    assert found.broken[:1] == ["EU01 GL GJ-2017-05-0002"]
    assert "EU01 GL GJ-2017-05-0004" in found.broken


def test_a_counter_that_was_turned_back_or_taken_away_is_found(desk: Desk) -> None:
    with past_the_triggers(desk.store) as connection:
        connection.execute(text("UPDATE voucher_counter SET next_number = 4"))
    assert desk.verify().gaps == 2
    with past_the_triggers(desk.store) as connection:
        connection.execute(text("DELETE FROM voucher_counter"))
    assert desk.verify().broken == ["no head of EU01/GL/2017-05/GJ"]


def test_a_document_that_was_tampered_with_is_not_booked_upon(desk: Desk) -> None:
    """The entry that a payment would clear no longer balances: the payment waits for a person."""
    ((document,),) = desk.rows("SELECT document FROM journal_entry WHERE number = 1")
    with past_the_triggers(desk.store) as connection:
        connection.execute(
            text("UPDATE journal_line SET amount = 1 WHERE side = 'debit' AND entry_id = :e"), {"e": entry(desk, 1)}
        )
    desk.run(payment(document), claim("FINE"))
    states = desk.states()
    assert (states[f"{document}/2"], states["FINE/1"]) == ("held:BOOKING_REFUSED", "booked")
