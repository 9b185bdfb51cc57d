"""Random lives of documents, random batches, duplicates and lost wake-ups: at rest every event has one outcome."""

import random
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.faults.checker import applied, findings
from tests.papers import claim, contract, payment, unmapped, withdrawal
from tests.shelf import Shelf

KINDS = (claim, payment, withdrawal, contract, unmapped)
_run = count()
_SHELVES: dict[str, Shelf] = {}

life = st.lists(st.sampled_from(range(len(KINDS))), min_size=1, max_size=5)
lives = st.lists(st.tuples(life, st.booleans()), min_size=1, max_size=4)


def events_of(run: int, drawn: list[tuple[list[int], bool]]) -> list[dict[str, object]]:
    """Events of each document, numbered or, where drawn so, dated only."""
    made = []
    for place, (kinds, numbered) in enumerate(drawn):
        for turn, kind in enumerate(kinds, 1):
            document = f"R{run}-{place}"
            made.append(
                KINDS[kind](
                    document,
                    turn if numbered else None,
                    name=f"{document}/{turn}",
                    time=f"2017-05-{turn:02d}T12:00:00+00:00",
                )
            )
    return made


def live_through(desk: Desk, events: list[dict[str, object]], chance: random.Random) -> None:
    """Offer the events in any order and batches, some twice, and lose some of the messages on the way."""
    waiting = [*events, *chance.sample(events, len(events) // 3)]
    chance.shuffle(waiting)
    while waiting:
        size = chance.randint(1, len(waiting))
        desk.receive(*waiting[:size])
        del waiting[:size]
        desk.route()
        desk.relay()
        messages = desk.post.fetch()
        kept = [message for message in messages if chance.random() > 0.3]
        desk.work(kept + [message for message in kept if chance.random() > 0.7])
    for _ in range(12):
        desk.later()
        desk.run()
        desk.sweep()


def judge(desk: Desk) -> None:
    with desk.store.engine.connect() as connection:
        assert findings(connection) == {}
        assert applied(connection, dict.fromkeys(desk.shelf.kept, 1)) == {}
    assert desk.shelf.posted == len(desk.shelf.kept)
    with desk.store.read() as uow:
        assert uow.totals.unfinished() == {}
    assert desk.verify().sound


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=lives, seed=st.integers(0, 2**32), batch=st.sampled_from([1, 2, 500]))
def test_at_rest_every_event_has_one_outcome_and_every_book_balances(
    sqlite_store: SqlStore, drawn: list[tuple[list[int], bool]], seed: int, batch: int
) -> None:
    """All examples live in one store and are delivered to one shelf."""
    desk = Desk(sqlite_store, batch=batch)
    desk.shelf = _SHELVES.setdefault(str(sqlite_store.engine.url), desk.shelf)
    live_through(desk, events_of(next(_run), drawn), random.Random(seed))
    judge(desk)


def test_the_same_holds_on_postgresql(postgres_store: SqlStore) -> None:
    desk = Desk(postgres_store, batch=3)
    chance = random.Random(20261124)
    drawn = [([chance.randrange(5) for _ in range(chance.randint(1, 5))], chance.random() < 0.6) for _ in range(25)]
    live_through(desk, events_of(next(_run), drawn), chance)
    judge(desk)
