"""Doors that run for one test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bus.gateway.app import create_app
from tests.gateway.door import Door, Inbox, Server


@pytest.fixture
def open_door() -> Iterator[Callable[..., Door]]:
    """Start a door with other arguments than the usual ones; every door is stopped after the test."""
    running: list[tuple[Door, Server]] = []

    def start(**arguments: Any) -> Door:
        inbox = Inbox()
        usual: dict[str, Any] = {"receive": inbox.receive, "readiness": lambda: {"ready": True}}
        server = Server(create_app(**{**usual, **arguments}))
        running.append((Door(inbox, server.port), server))
        return running[-1][0]

    yield start
    for door, server in running:
        door.close()
        server.stop()


@pytest.fixture
def door(open_door: Callable[..., Door]) -> Door:
    """The usual door: no keys, an empty inbox."""
    return open_door()
