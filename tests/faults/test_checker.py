"""The checker passes what is sound, and finds what a bus with a broken guard leaves behind."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from bus.store.journal import SqlJournal
from bus.store.postings import SqlPostings
from bus.store.schema import upgrade
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk, WakeUp
from tests.faults.checker import RULES, applied, findings
from tests.papers import claim, contract, payment, unmapped, withdrawal
from tests.tampering import past_the_triggers


def found(store: SqlStore) -> set[str]:
    with store.engine.connect() as connection:
        return set(findings(connection))


def worked(store: SqlStore) -> Desk:
    """A store at rest with every kind of outcome."""
    desk = Desk(store)
    desk.run(claim("A"), payment("A"), claim("B"), withdrawal("B"), unmapped("C"), claim("C", 2), contract("K"))
    desk.run(claim("A", 3, "120.00"), payment("N", 1), claim("P", 3), claim("D"), claim("D", 2, "9.00"))
    return desk


def test_a_sound_store_has_no_finding(store: SqlStore) -> None:
    desk = worked(store)
    assert found(store) == set()
    with store.engine.connect() as connection:
        assert applied(connection, dict.fromkeys(desk.shelf.kept, 1)) == {}
        assert applied(connection, {**dict.fromkeys(desk.shelf.kept, 2), "strange": 1}).keys() == {
            "at the target, but no posting", "twice at the target",
        }  # fmt: skip


def without_guards(store: SqlStore) -> None:
    """Take away the keys that make an entry once in effect."""
    keys = ("source_event_id_book_part", "company_book_period_word_number")
    with store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            for key in keys:
                connection.execute(text(f"ALTER TABLE journal_entry DROP CONSTRAINT uq_journal_entry_{key}"))
            return
        kept = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'journal_entry'")).scalar_one()
        made = [line for line in kept.splitlines() if not any(key in line for key in keys)]
        connection.exec_driver_sql("DROP TABLE journal_entry")
        connection.exec_driver_sql("\n".join(made).replace(", \n)", "\n)"))


def test_a_bus_without_its_unique_key_and_its_look_books_twice_and_is_caught(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqlStore.open(store_url)
    upgrade(store.engine)
    without_guards(store)
    desk = Desk(store)
    desk.run(claim("A"))
    assert found(store) == set()
    _book_again(desk, monkeypatch)
    assert "an event has two entries in one book" in found(store)
    store.close()


def _book_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second worker with a result of its own for the same event, whose entry ids differ."""
    original = SqlJournal.append

    def again(self: SqlJournal, entries: Sequence[Any], heads: dict[Any, Any]) -> None:
        bookable = [
            replace(e.bookable, entry=replace(e.bookable.entry, entry_id=e.bookable.entry.entry_id[::-1]))
            for e in entries
        ]
        original(self, [replace(e, bookable=b) for e, b in zip(entries, bookable, strict=True)], heads)

    monkeypatch.setattr(SqlJournal, "append", again)
    monkeypatch.setattr(SqlPostings, "add", lambda self, postings: None)
    monkeypatch.setattr(SqlJournal, "booked", lambda self, ids: set())
    monkeypatch.setattr(SqlJournal, "live", lambda self, documents: {})
    with past_the_triggers(desk.store) as connection:
        connection.execute(text("UPDATE inbox SET state = 'accepted', due_at = 0"))
        connection.execute(text("UPDATE document SET next_sequence = 1"))
    desk.run()


def test_with_the_unique_key_the_same_second_worker_books_nothing(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(store)
    desk.run(claim("A"))
    _book_again(desk, monkeypatch)
    assert desk.rows("SELECT count(*) FROM journal_entry") == [(1,)]


def test_a_relay_that_counts_a_posting_as_confirmed_before_it_is_sent_is_caught(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(claim("A"))
    desk.route()
    desk.work()
    desk.relay()
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE posting SET state = 'sent'"))
        connection.execute(text("UPDATE posting SET state = 'confirmed'"))
    with store.engine.connect() as connection:
        assert applied(connection, dict.fromkeys(desk.shelf.kept, 1)).keys() == {"confirmed, but not at the target"}


def test_a_bus_without_its_sweeper_leaves_lost_wake_ups_lying_and_is_caught(store: SqlStore) -> None:
    """The message is lost, nobody lets time pass: what was accepted is not settled."""
    desk = Desk(store)
    desk.receive(claim("A"), claim("B"))
    desk.route()
    lost: list[WakeUp] = desk.post.fetch()
    assert lost
    desk.run()
    assert found(store) == {"an accepted event is not settled"}


def test_a_voucher_number_taken_before_the_write_leaves_a_gap_and_is_caught(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers given out in a unit of work of their own are gone when the write fails."""
    desk = Desk(store)
    desk.run(claim("A"))
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE voucher_counter SET next_number = next_number + 1"))
    desk.run(claim("B"))
    assert {"voucher numbers have a gap"} <= found(store)


BREAKS = {
    "a booked event has no entry": "UPDATE inbox SET state = 'booked' WHERE document = 'K'",
    "an event that is not booked has an entry": "UPDATE inbox SET state = 'no_op', reason = 'x' WHERE event_id = 'A/1'",
    "a held or unrouted event has no exception": "UPDATE exception SET state = 'released' WHERE document = 'C'",
    "a held event has an exception of another name": "UPDATE exception SET code = 'OTHER' WHERE document = 'C'",
    "a settled event has a live exception": "UPDATE inbox SET state = 'no_op', reason = 'x' WHERE event_id = 'C/1'",
    "a no-op has no reason": "UPDATE inbox SET reason = NULL WHERE state = 'no_op'",
    "a parked event waits for nothing": "UPDATE document SET next_sequence = 3 WHERE key = 'P'",
    "an entry does not balance": "UPDATE journal_line SET amount = amount + 1 WHERE line_no = 1",
    "an entry does not balance in the base currency": "UPDATE journal_line SET base_amount = 0 WHERE line_no = 1",
    "an entry has no lines": "DELETE FROM journal_line",
    "a reversal does not undo what it takes back": "UPDATE journal_line SET account = '9' "
    "WHERE line_no = 1 AND entry_id IN (SELECT entry_id FROM journal_entry WHERE reverses IS NOT NULL)",
    "an entry has no posting": "DELETE FROM posting",
    "a posting is still on its way": "UPDATE posting SET state = 'sent'",
    "a failed posting has no exception": "UPDATE posting SET state = 'rejected'",
    "an entry comes from no event": "UPDATE journal_entry SET event_id = 'other' WHERE event_id = 'A/1'",
    "a line belongs to no entry": "UPDATE journal_line SET entry_id = 'gone' WHERE line_no = 1",
    "a posting belongs to no entry": "UPDATE posting SET entry_id = 'gone' WHERE company = 'EU01'",
    "a counter is not where its numbers end": "UPDATE voucher_counter SET next_number = 99",
    "a link does not continue the one before": "UPDATE journal_entry SET previous_hash = 'x' WHERE number = 2",
    "a head is not the last link": "UPDATE voucher_counter SET head = 'x'",
    "an entry is in a period that was never opened": "DELETE FROM period",
    "an entry is dated outside its period": "UPDATE journal_entry SET accounting_date = '2001-01-01'",
    "events of a document are booked out of order": "UPDATE inbox SET sequence = 9 - sequence WHERE document = 'B'",
    "a book does not balance": "UPDATE journal_line SET amount = 0 WHERE side = 'debit'",
}


def test_each_rule_finds_what_it_is_for(sqlite_store: SqlStore) -> None:
    """Each break is undone before the next."""
    worked(sqlite_store)
    with past_the_triggers(sqlite_store):
        pass
    missed = []
    for rule, statement in BREAKS.items():
        with sqlite_store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.execute(text(statement if "'gone'" not in statement else _one(statement)))
            if rule not in findings(connection):
                missed.append(rule)
            connection.rollback()
    assert missed == []
    needs_a_dropped_key = {name for name in RULES if "twice" in name or "two " in name}
    assert set(RULES) - set(BREAKS) - needs_a_dropped_key == {
        "an accepted event is not settled",
        "voucher numbers have a gap",
    }


def _one(statement: str) -> str:
    """A key that is unique: break one row only."""
    table = statement.split()[1]
    return f"{statement} AND rowid = (SELECT min(rowid) FROM {table})"
