"""The Celery application of the hand-written pipeline, set up as its manual advises for work that must not be lost."""

import os
from pathlib import Path
from typing import Any, Final

from celery import Celery
from celery.signals import worker_ready

BROKER: Final = "BASELINE_BROKER"

CONFIGURATION: Final[dict[str, Any]] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    # A killed worker's message comes back.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    # Nobody reads results; writing them would be one more round trip a task.
    "task_ignore_result": True,
    "result_backend": None,
    # The tasks take milliseconds: a handful in reserve for each process keeps it from waiting for the broker. See
    # docs/performance.md for the settings that were tried.
    "worker_prefetch_multiplier": int(os.environ.get("BASELINE_PREFETCH", "4")),
    "broker_connection_retry_on_startup": True,
    # The same queues on RabbitMQ as the bus has.
    "task_default_queue": "baseline",
    "task_default_queue_type": os.environ.get("BASELINE_QUEUE_TYPE", "quorum"),
    "worker_detect_quorum_queues": True,
    "worker_send_task_events": False,
    "task_send_sent_event": False,
    "enable_utc": True,
}


def create_app(broker: str) -> Celery:
    """The application on a broker; on RabbitMQ every message is confirmed before `delay` returns."""
    app: Celery = Celery("baseline", broker=broker, include=["benchmarks.baseline_celery.tasks"])
    app.conf.update(CONFIGURATION)
    if broker.startswith("amqp"):
        app.conf.broker_transport_options = {"confirm_publish": True}
    return app


app = create_app(os.environ.get(BROKER, "redis://127.0.0.1:6379/0"))


@worker_ready.connect(weak=False)
def _announce(**_signal: Any) -> None:
    if ready := os.environ.get("LEDGERBUS_READY_FILE"):
        Path(ready).touch()
