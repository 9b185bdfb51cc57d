"""Routing events to queues and channels: nothing is dropped, copies are not forgotten."""

from bus.errors import Transient
from bus.message import Event
from bus.pipeline.copy import Copy
from bus.routing import load_routing
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.papers import claim, contract, payment, unmapped, withdrawal

ROUTES = """
routes:
  - {rule: copies, when: {type: contract.signed}, publish: erp}
  - {rule: work, when: {type: [reimbursement.approved, document.withdrawn]}, queue: journalize, tap: audit}
  - {rule: mine, when: {type: invoice.received}, queue: journalize}
  - {rule: yours, when: {type: invoice.received}, queue: invoices}
"""


def desk_of(store: SqlStore) -> Desk:
    return Desk(store, routing=load_routing("routing.yaml", ROUTES))


def copies(desk: Desk) -> list[tuple[object, ...]]:
    return desk.rows("SELECT i.event_id, channel, kind FROM event_copy c JOIN inbox i ON i.id = c.inbox_id ORDER BY 1")


def test_what_cannot_be_routed_is_kept_with_its_name(store: SqlStore) -> None:
    desk = desk_of(store)
    desk.run(unmapped("A"), payment("B", 1), claim("C"))
    assert desk.states()["A/1"] == "held:ROUTE_CONFLICT"
    assert (desk.states()["B/1"], desk.states()["C/1"]) == ("no_route", "booked")
    assert desk.exceptions() == {"A/1": "ROUTE_CONFLICT", "B/1": "NO_ROUTE"}


def test_an_event_that_is_only_copied_does_not_hold_up_its_document(store: SqlStore) -> None:
    desk = desk_of(store)
    desk.run(contract("A", 1), claim("A", 2))
    assert desk.states() == {"A/1": "no_op:copied_only", "A/2": "booked"}
    desk.run(claim("B", 2))
    assert desk.states()["B/2"] == "parked"
    desk.run(contract("B", 1))
    assert desk.sweep() == 1
    desk.run()
    assert desk.states()["B/2"] == "booked"


def test_an_event_is_booked_only_after_its_copies_were_asked_for(store: SqlStore) -> None:
    """The second event of the document comes while the first is on its way to a worker."""
    desk = desk_of(store)
    desk.receive(claim("A"))
    desk.route()
    desk.receive(withdrawal("A"))
    desk.work()
    assert desk.states() == {"A/1": "booked", "A/2": "accepted"}
    desk.run()
    assert desk.states() == {"A/1": "booked", "A/2": "booked"}
    assert copies(desk) == [("A/1", "audit", "tap"), ("A/2", "audit", "tap")]


def test_copies_are_published_at_least_once(store: SqlStore) -> None:
    desk = desk_of(store)
    desk.run(claim("A"), contract("B"))
    published: list[tuple[str, str, str]] = []
    away = True

    def publish(channel: str, kind: str, event: Event) -> None:
        if away:
            raise Transient("BROKER_UNAVAILABLE", "away")
        published.append((channel, kind, event.id))

    copy = Copy(store, publish)
    assert copy() == 0
    assert copy() == 0, "not due again yet"
    away = False
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE event_copy SET due_at = 0")
    assert copy() == 2
    assert copy() == 0
    assert sorted(published) == [("audit", "tap", "A/1"), ("erp", "publish", "B/1")]


def test_the_queues_take_no_more_than_they_have_room_for(store: SqlStore) -> None:
    desk = Desk(store, batch=2)
    desk.receive(*(claim(f"D{i:02d}") for i in range(30)))
    assert desk.route() == 16
    assert desk.route() == 0
    assert {len(message.ids) for message in desk.post.waiting} == {2}
    desk.work()
    desk.run()
    assert set(desk.states().values()) == {"booked"}
