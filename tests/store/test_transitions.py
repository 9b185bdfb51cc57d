"""Every state and every move of inbox rows, documents, postings and exceptions; the store refuses all others."""

import itertools
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bus.errors import Transient
from bus.records import ClosedException, Settlement
from bus.routing import load_routing
from bus.store.tables import EXCEPTION_STATES, INBOX_STATES, POSTING_STATES
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.papers import claim, contract, payment, unmapped, withdrawal
from tests.shelf import Shelf

INBOX = {
    "accepted": {"booked", "no_op", "parked", "held", "no_route", "discarded"},
    "parked": {"accepted", "booked", "no_op", "held", "discarded"},
    "held": {"accepted", "booked", "no_op", "discarded"},
    "no_route": {"accepted", "discarded"},
    "booked": set(),
    "no_op": set(),
    "discarded": set(),
}
POSTING = {
    "pending": {"leased"},
    "leased": {"sent"},
    "sent": {"leased", "pending", "confirmed", "rejected", "in_doubt"},
    "rejected": {"pending"},
    "in_doubt": {"pending", "confirmed", "rejected"},
    "confirmed": set(),
}
EXCEPTION = {
    "open": {"proposed", "released", "discarded"},
    "proposed": {"approved", "released", "discarded"},
    "approved": {"released", "discarded"},
    "released": set(),
    "discarded": set(),
}
TABLES = {"inbox": INBOX, "posting": POSTING, "exception": EXCEPTION}
ROUTES = """
routes:
  - {rule: work, when: {type: [reimbursement.approved, invoice.received, payment.made]}, queue: journalize}
  - {rule: withdrawn, when: {type: document.withdrawn}, queue: journalize}
  - {rule: copied, when: {type: order.created}, publish: erp}
"""


def moves() -> Iterator[tuple[str, str, str]]:
    for table, listed in TABLES.items():
        for before, after in itertools.permutations(listed, 2):
            yield table, before, after


def path(listed: dict[str, set[str]], first: str, goal: str) -> list[str]:
    """A way of listed moves from the first state to another."""
    ways = [[first]]
    for way in ways:
        if way[-1] == goal:
            return way
        ways += [[*way, after] for after in sorted(listed[way[-1]]) if after not in way]
    raise AssertionError(f"{goal} is never reached")


def set_state(store: SqlStore, table: str, state: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(f'UPDATE "{table}" SET state = :state'), {"state": state})


def one_row_each(store: SqlStore) -> None:
    """One event, one posting and one exception, each in its first state."""
    desk = Desk(store)
    desk.run(claim("A"))
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM posting"))
        connection.execute(
            text(
                "INSERT INTO posting (posting_id, entry_id, target, company, state) "
                "SELECT 'p', entry_id, 'other', company, 'pending' FROM journal_entry"
            )
        )
        connection.execute(
            text(
                "INSERT INTO exception (inbox_id, code, company, document, cause, message, detail, state, opened_at) "
                "SELECT id, 'X', company, document, '', '', '{}', 'open', 0 FROM inbox"
            )
        )


def test_the_listed_states_are_the_states_of_the_tables() -> None:
    assert (set(INBOX), set(POSTING), set(EXCEPTION)) == (
        set(INBOX_STATES), set(POSTING_STATES), set(EXCEPTION_STATES),
    )  # fmt: skip


def test_listed_moves_are_taken_and_all_others_refused(store: SqlStore) -> None:
    """Every pair of states of every table, on a row that came to the first by listed moves."""
    firsts = {"inbox": "accepted", "posting": "pending", "exception": "open"}
    refused, taken = set(), set()
    one_row_each(store)
    for table, before, after in moves():
        _begin_anew(store, table, firsts[table])
        for step in path(TABLES[table], firsts[table], before)[1:]:
            set_state(store, table, step)
        try:
            set_state(store, table, after)
            taken.add((table, before, after))
        except IntegrityError:
            refused.add((table, before, after))
    listed = {
        (table, before, after) for table, states in TABLES.items() for before in states for after in states[before]
    }
    assert taken == listed
    assert refused == set(moves()) - listed


def _begin_anew(store: SqlStore, table: str, first: str) -> None:
    """Put the row back to its first state, past the trigger."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(f'UPDATE "{table}" SET state = :first'), {"first": first})
            return
        name = f"{table}_move"
        kept = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :n"), {"n": name}).scalar_one()
        connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text(f'UPDATE "{table}" SET state = :first'), {"first": first})
        connection.exec_driver_sql(kept)


@pytest.mark.parametrize(("table", "state"), [("inbox", "booked"), ("posting", "confirmed"), ("exception", "released")])
def test_no_row_begins_in_another_state(store: SqlStore, table: str, state: str) -> None:
    one_row_each(store)
    with store.engine.begin() as connection:
        result = connection.execute(text(f'SELECT * FROM "{table}"'))
        columns = [name for name in tuple(result.keys()) if name != "state"]
    keys = {"inbox": ("id", "event_id"), "posting": ("posting_id", "target"), "exception": ("id", "code")}[table]
    values = ", ".join("'7'" if c in keys[1:] else ("7" if c == "id" else "'q'") if c in keys else c for c in columns)
    insert = f'INSERT INTO "{table}" ({", ".join(columns)}, state) SELECT {values}, :state FROM "{table}"'
    with pytest.raises(IntegrityError), store.engine.begin() as connection:
        connection.execute(text(insert), {"state": state})
    with store.engine.begin() as connection:
        connection.execute(text(insert), {"state": {"inbox": "accepted", "posting": "pending"}.get(table, "open")})


def test_the_use_cases_walk_every_state_of_an_event(store: SqlStore) -> None:
    desk = Desk(store, routing=load_routing("routing.yaml", ROUTES))
    desk.run(claim("A"), payment("A"), withdrawal("B", 1), claim("P", 2), unmapped("H"), contract("N"))
    seen = set(desk.states().values())
    assert seen == {"booked", "no_op:nothing_to_reverse", "parked", "held:MAP_MISSING", "no_route"}
    ids = dict(desk.rows("SELECT document, id FROM inbox WHERE state IN ('held', 'no_route')"))
    with store.begin() as uow:
        uow.inbox.settle([Settlement(ids["H"], "accepted", "released"), Settlement(ids["N"], "discarded", "unwanted")])
        uow.exceptions.close(
            [ClosedException(ids["H"], "released", "looked at"), ClosedException(ids["N"], "discarded", "x")]
        )
    assert desk.states()["H/1"] == "accepted:released"
    desk.run()
    assert desk.states()["H/1"] == "held:MAP_MISSING"
    assert desk.exceptions() == {"H/1": "MAP_MISSING"}


def test_the_use_cases_walk_every_state_of_a_posting(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(claim("A"), claim("B"))
    desk.route()
    desk.work()
    states = [set(desk.rows("SELECT DISTINCT state FROM posting"))]
    desk.relay()
    states.append(set(desk.rows("SELECT DISTINCT state FROM posting")))
    desk.shelf.fails = RuntimeError("once")
    desk.work()
    states.append(set(desk.rows("SELECT DISTINCT state FROM posting")))
    desk.later()
    desk.shelf.fails = None
    desk.relay()
    desk.work()
    states.append(set(desk.rows("SELECT DISTINCT state FROM posting")))
    assert states == [{("pending",)}, {("leased",)}, {("pending",)}, {("confirmed",)}]


def test_a_target_that_cannot_be_asked_leaves_a_posting_in_doubt(store: SqlStore) -> None:
    desk = Desk(store)
    desk.shelf = Shelf(finds=False)
    desk.shelf.fails, desk.shelf.late = RuntimeError("after the commit"), True
    desk.run(claim("A"))
    desk.shelf.fails = None
    desk.later()
    desk.run()
    assert desk.rows("SELECT state, code FROM posting") == [("in_doubt", "POSTING_IN_DOUBT")]
    assert desk.exceptions() == {"A/1": "POSTING_IN_DOUBT"}
    assert desk.shelf.posted == 1


def test_a_stale_wake_up_moves_nothing_back(store: SqlStore) -> None:
    """A message that comes again after everything was confirmed."""
    desk = Desk(store)
    desk.receive(claim("A"))
    desk.route()
    (journalize,) = desk.post.fetch()
    desk.work([journalize])
    desk.relay()
    (deliver,) = desk.post.fetch()
    desk.work([deliver, journalize, deliver, journalize])
    assert desk.rows("SELECT state, attempts FROM posting") == [("confirmed", 1)]
    assert desk.states() == {"A/1": "booked"}


def test_settling_a_booked_event_again_is_refused_and_undoes_the_whole_batch(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(claim("A"), unmapped("B"))
    ids = dict(desk.rows("SELECT document, id FROM inbox"))
    with pytest.raises(Transient) as refusal, store.begin() as uow:
        uow.inbox.settle([Settlement(ids["B"], "accepted"), Settlement(ids["A"], "accepted")])
    assert refusal.value.code == "STORE_CONFLICT"
    assert desk.states() == {"A/1": "booked", "B/1": "held:MAP_MISSING"}
