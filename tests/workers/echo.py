"""A Celery application with three small tasks, on the settings of its environment; started by the tests beside it."""

from collections.abc import Sequence
from typing import Any

from celery import Task

from bus.config import Settings
from workers.app import create_app

app: Any = create_app(Settings())


@app.task(name="ledgerbus.echo")
def echo(ids: Sequence[int], token: str | None = None) -> int:
    """How many rows were named."""
    return len(ids)


@app.task(name="ledgerbus.fail")
def fail(ids: Sequence[int], token: str | None = None) -> None:
    """An error whose words quote what must not be seen."""
    raise ValueError(f"cannot book 4711.08 for CANARY of {ids}")


@app.task(name="ledgerbus.fail_unguarded", base=Task)
def fail_unguarded(ids: Sequence[int], token: str | None = None) -> None:
    """What Celery shows of an error when nobody guards it."""
    raise ValueError("UNGUARDED")
