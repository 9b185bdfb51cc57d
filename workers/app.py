"""The Celery application. It carries wake-ups only: ids in, no results out, everything of worth is in the store."""

import sys
from pathlib import PurePath
from traceback import extract_tb
from typing import Any, Final

import structlog
from celery import Celery, Task
from celery.signals import celeryd_init, heartbeat_sent, setup_logging, worker_ready

from bus import channels, logs
from bus.broker.connection import is_amqp, transport_options
from bus.broker.embedded import find
from bus.broker.safety import check_broker
from bus.broker.topology import work_queue
from bus.config import Settings
from bus.errors import Permanent, Transient
from workers.queues import WakeUpAMQP

NAME: Final = "ledgerbus"

CONFIGURATION: Final[dict[str, Any]] = {
    # JSON in, nothing else: a pickle on the queue would be code.
    "accept_content": ["json"],
    "task_serializer": "json",
    "event_serializer": "json",
    # A message is acknowledged after its rows are committed; a killed worker's message comes back.
    "task_acks_late": True,
    "task_acks_on_failure_or_timeout": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_max_tasks_per_child": 1000,
    "worker_soft_shutdown_timeout": 10.0,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # The store is the result.
    "task_ignore_result": True,
    "task_store_errors_even_if_ignored": False,
    "result_backend": None,
    # Queues are declared by `ledgerbus broker setup`; a worker names them only (see workers/queues.py).
    "task_default_queue": channels.JOURNALIZE,
    "task_queues": [work_queue(channels.JOURNALIZE)],
    "worker_detect_quorum_queues": True,
    "worker_consumer": "workers.queues:WakeUpConsumer",
    # A silent RabbitMQ is given up after two missed beats; the beats are looked at twice in each.
    "broker_heartbeat": 6,
    "broker_heartbeat_checkrate": 2.0,
    # What Flower shows.
    "worker_send_task_events": True,
    "task_send_sent_event": True,
    "event_queue_expires": 60.0,
    # Lines go through bus.logs.
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "enable_utc": True,
    "timezone": "UTC",
}


class TaskFailedError(Exception):
    """A task ended with an error nobody expected: the error's type and place. Its own words may quote a document."""


class WakeUpTask(Task):  # type: ignore[type-arg]  # Task is generic in its stubs only
    """A task whose failure shows neither amount nor name: Celery sends an exception's text to Flower as it is."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task. Raises TaskFailedError for any error."""
        try:
            return super().__call__(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the last resort; tasks answer for the errors they know
            structlog.get_logger(__name__).exception("task failed", task=self.name)
            frame = extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__} at {PurePath(frame.filename).name}:{frame.lineno}"
        raise TaskFailedError(what)


def create_app(settings: Settings, *tasks: str) -> Celery:
    """A Celery application on the settings' broker, or on the embedded one that runs under their home.

    `tasks` are names of modules that hold tasks; without any, it can send and look on, but not work.
    """
    url = broker_url(settings)
    app: Celery = Celery(NAME, broker=url, include=tasks, task_cls=WakeUpTask, amqp=WakeUpAMQP)
    app.conf.update(CONFIGURATION)
    # A worker that waited for each of its events to be confirmed would be as deaf as a silent broker is mute; and it
    # says several farewells to a connection that went silent before it opens another.
    impatient = {"confirm_publish": False, "read_timeout": 5} if is_amqp(url) else {}
    app.conf.broker_transport_options = transport_options(url) | impatient
    return app


def broker_url(settings: Settings) -> str:
    """The configured broker, else the running embedded one, else an address where none answers: sends are Transient."""
    if settings.broker_url is not None:
        return settings.broker_url
    running = find(settings.broker_directory)
    return running.url if running is not None else "redis://127.0.0.1:1/0"


@setup_logging.connect(weak=False)
def _log_through_the_bus(**_signal: Any) -> None:
    settings = Settings()
    logs.configure(settings.log_level, as_json=settings.log_json)


@celeryd_init.connect(weak=False)
def _refuse_unsafe_broker(**_signal: Any) -> None:
    settings = Settings()
    log = structlog.get_logger(__name__)
    try:
        for remark in check_broker(broker_url(settings), allow_unsafe=settings.allow_unsafe_broker):
            log.warning("broker_remark", reason=remark)
    except Transient as error:
        log.warning("broker_not_checked", code=error.code)
    except Permanent as error:
        sys.exit(str(error))


@worker_ready.connect(weak=False)
def _announce(**_signal: Any) -> None:
    Settings().announce_ready()


@heartbeat_sent.connect(weak=False)
def _beat(**_signal: Any) -> None:
    """Every 2 s, by the loop that takes messages, and only while it has a connection."""
    file = Settings().beat_file("worker")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


app = create_app(Settings(), "workers.tasks")
