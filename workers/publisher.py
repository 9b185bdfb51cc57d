"""The Publisher port over Celery: one message names many rows."""

from collections.abc import Sequence

from celery import Celery

from bus.broker.connection import transient_errors


class CeleryPublisher:
    """Sends wake-ups through a Celery application; implements bus.ports.Publisher. Safe to share between threads."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def wake(
        self, queue: str, task: str, ids: Sequence[int | str], shown: Sequence[str], token: str | None = None
    ) -> None:
        """Publish one message, tried once. Raises Transient BROKER_UNAVAILABLE.

        An operator finds it in Flower by "kwargs:<document>=1": each of `shown` is a key of its own there, and the real
        arguments are not shown at all.
        """
        with transient_errors():
            self._app.send_task(
                task,
                kwargs={"ids": list(ids), "token": token},
                queue=queue,
                argsrepr="()",
                kwargsrepr=repr(dict.fromkeys(shown, 1)),
                ignore_result=True,
                retry=False,
            )


def open_publisher() -> CeleryPublisher:
    """The publisher of this process's settings."""
    from workers.app import app

    return CeleryPublisher(app)
