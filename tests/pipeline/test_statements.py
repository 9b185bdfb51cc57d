"""The number of SQL statements does not grow with the batch, in any use case, on either store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event

from bus.routing import load_routing
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.papers import claim, payment, unmapped, withdrawal

SIZES = (1, 10, 200)
ROUTES = "routes:\n  - {rule: all, queue: journalize, publish: erp, tap: audit}\n"


@contextmanager
def counted(store: SqlStore) -> Iterator[list[str]]:
    """The statements that are sent to the store meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def documents(size: int) -> list[dict[str, object]]:
    """As many documents, each with an approval, a payment or a withdrawal, and a failure: every statement is needed."""
    offered: list[dict[str, object]] = []
    for i in range(size):
        name = f"S{size}-{i}"
        offered += [claim(f"{name}p"), payment(f"{name}p"), claim(f"{name}w"), withdrawal(f"{name}w")]
        offered += [unmapped(f"{name}u"), claim(f"{name}u", 2), payment(f"{name}n", 1)]
    return offered


def test_each_use_case_sends_as_many_statements_for_200_documents_as_for_one(store: SqlStore) -> None:
    desk = Desk(store, batch=5000, routing=load_routing("routing.yaml", ROUTES))
    seen: dict[str, list[int]] = {}
    for size in SIZES:
        offered = documents(size)
        steps: dict[str, Callable[[], object]] = {
            "receive": lambda offered=offered: desk.receive(*offered),
            "route": desk.route,
            "journalize": desk.work,
            "relay": desk.relay,
            "deliver and confirm": desk.work,
        }
        for name, step in steps.items():
            with counted(store) as sent:
                step()
            seen.setdefault(name, []).append(len(sent))
    assert {name: set(counts) for name, counts in seen.items()} == {name: {counts[0]} for name, counts in seen.items()}
    assert max(counts[0] for counts in seen.values()) <= 35
    assert desk.rows("SELECT count(*) FROM posting WHERE state <> 'confirmed'") == [(0,)]


def test_a_statement_for_each_row_is_caught(store: SqlStore) -> None:
    """A use case that asks for its rows one by one."""
    desk = Desk(store)
    desk.receive(*documents(3))
    with counted(store) as one, store.begin() as uow:
        uow.inbox.known([("oa.test", "S3-0p/1")])
    with counted(store) as three, store.begin() as uow:
        for i in range(3):
            uow.inbox.known([("oa.test", f"S3-{i}p/1")])
    assert len(three) > len(one)
