"""One commit for many: what arrives while a call runs shares the next one, and each is answered after its own call."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bus.errors import Transient
from bus.gateway.batcher import CALL_EVENTS, WAITING_EVENTS, Batcher
from bus.pipeline.receive import Receipt, ReceiptOutcome
from tests.gateway.door import Door, example

Offered = Sequence[dict[str, Any]]


def accept(events: Offered) -> list[Receipt]:
    return [Receipt("s", str(event["id"]), ReceiptOutcome.ACCEPTED) for event in events]


class Gate:
    """A receive that blocks until it is opened, and keeps what it was called with."""

    def __init__(self, receive: Callable[[Offered], list[Receipt]] = accept) -> None:
        self.calls: list[list[Any]] = []
        self.entered = threading.Event()
        self.open = threading.Event()
        self._receive = receive

    def __call__(self, events: Offered) -> list[Receipt]:
        self.calls.append([event["id"] for event in events])
        self.entered.set()
        assert self.open.wait(30)
        return self._receive(events)


async def behind_a_running_call(gate: Gate, sizes: Sequence[int]) -> tuple[Batcher, list[asyncio.Task[list[Receipt]]]]:
    """A batcher in whose first call event 0 sits, and offers of the given sizes that wait behind it."""
    batcher = Batcher(gate)
    tasks = [asyncio.create_task(batcher.offer([{"id": 0}]))]
    await asyncio.to_thread(gate.entered.wait, 30)
    number = 1
    for size in sizes:
        tasks.append(asyncio.create_task(batcher.offer([{"id": number + step} for step in range(size)])))
        number += size
    await asyncio.sleep(0)  # lets each new task run as far as its offer
    return batcher, tasks


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


def test_what_arrives_during_a_call_shares_the_next_and_keeps_its_order() -> None:
    async def scenario() -> None:
        gate = Gate()
        batcher, tasks = await behind_a_running_call(gate, [1, 2, 1, 3])
        assert not any(task.done() for task in tasks)
        gate.open.set()
        receipts = await asyncio.gather(*tasks)
        assert gate.calls == [[0], [1, 2, 3, 4, 5, 6, 7]]
        assert [[receipt.id for receipt in part] for part in receipts] == [
            ["0"],
            ["1"],
            ["2", "3"],
            ["4"],
            ["5", "6", "7"],
        ]
        await batcher.close()

    run(scenario())


def test_a_call_holds_at_most_a_thousand_events_and_splits_no_offer() -> None:
    async def scenario() -> None:
        gate = Gate()
        batcher, tasks = await behind_a_running_call(gate, [600, 600, 400])
        gate.open.set()
        await asyncio.gather(*tasks)
        assert [len(call) for call in gate.calls] == [1, 600, CALL_EVENTS]
        await batcher.close()

    run(scenario())


def test_one_poisonous_offer_does_not_fail_its_neighbours() -> None:
    def poisoned(events: Offered) -> list[Receipt]:
        if any(event["id"] == 2 for event in events):
            raise ValueError("poison")
        return accept(events)

    async def scenario() -> None:
        gate = Gate(poisoned)
        batcher, tasks = await behind_a_running_call(gate, [1, 1, 1])
        gate.open.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(answer) for answer in answers] == [list, list, ValueError, list]
        await batcher.close()

    run(scenario())


def test_a_busy_store_is_busy_for_all_that_shared_the_call_and_is_not_asked_again_for_each() -> None:
    def busy(events: Offered) -> list[Receipt]:
        if events[0]["id"] == 0:
            return accept(events)
        raise Transient("DOOR_BUSY", "locked")

    async def scenario() -> None:
        gate = Gate(busy)
        batcher, tasks = await behind_a_running_call(gate, [1, 1, 1])
        gate.open.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(answer, Transient) for answer in answers] == [False, True, True, True]
        assert len(gate.calls) == 2
        await batcher.close()

    run(scenario())


def test_too_much_waiting_is_refused_and_what_waits_is_still_answered() -> None:
    async def scenario() -> None:
        gate = Gate()
        batcher, tasks = await behind_a_running_call(gate, [CALL_EVENTS] * (WAITING_EVENTS // CALL_EVENTS) + [1])
        with pytest.raises(Transient) as refused:
            await batcher.offer([{"id": -1}])
        assert refused.value.code == "DOOR_BUSY"
        gate.open.set()
        assert sum(len(part) for part in await asyncio.gather(*tasks)) == WAITING_EVENTS + 2
        await batcher.close()

    run(scenario())


def test_a_caller_that_goes_away_does_not_disturb_the_others() -> None:
    async def scenario() -> None:
        gate = Gate()
        batcher, tasks = await behind_a_running_call(gate, [1, 1])
        tasks[0].cancel()
        tasks[1].cancel()
        gate.open.set()
        assert (await tasks[2])[0].id == "2"
        await batcher.close()

    run(scenario())


def test_a_receive_that_answers_too_few_is_caught() -> None:
    async def scenario() -> None:
        batcher = Batcher(lambda events: accept(events)[1:])
        with pytest.raises(RuntimeError):
            await batcher.offer([{"id": 1}, {"id": 2}])
        await batcher.close()

    run(scenario())


def test_many_single_posts_over_http_are_each_accepted_once(door: Door) -> None:
    events = [example(id=f"{number}") for number in range(200)]
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(door.offer, [*events, *events]))
    assert {answer.status_code for answer in answers} == {202}
    assert sum(answer.json()["outcome"] == "accepted" for answer in answers) == 200
    assert len(door.inbox.kept) == 200
    assert sum(door.inbox.calls) == 400
