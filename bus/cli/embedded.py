"""The whole bus as one: broker, store, gateway, dispatcher, workers and Flower over one home directory."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from bus.bootstrap import Runtime
from bus.broker.embedded import find, start_or_adopt
from bus.cli.home import held
from bus.cli.services import service_commands, with_free_ports
from bus.cli.supervisor import Supervisor
from bus.config import Settings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A bus that runs: its settings (with the ports it got), its supervisor and a runtime of our own over its store."""

    settings: Settings
    supervisor: Supervisor
    runtime: Runtime

    @property
    def gateway_url(self) -> str:
        """Where events are posted."""
        return f"http://{self.settings.gateway_host}:{self.settings.gateway_port}"

    @property
    def flower_url(self) -> str:
        """Where tasks are watched."""
        return f"http://{self.settings.flower_host}:{self.settings.flower_port}"

    @property
    def flower_password_file(self) -> Path:
        """The file that holds Flower's password, when it was not configured."""
        return self.settings.home / "secrets" / "flower"


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """Start everything, and stop it cleanly at the end. A Valkey that survived an earlier run is adopted.

    Raises Permanent ALREADY_RUNNING, BROKER_UNSAFE, SERVICE_NOT_READY and what the rules and the store raise; then
    nothing is left.
    """
    with held(settings.home):
        prepared = Runtime(settings)
        prepared.upgrade_store()
        prepared.close()
        if settings.broker_url is not None:
            _prepare_broker(prepared)
            with _supervised(settings, None) as bus:
                yield bus
            return
        broker = start_or_adopt(settings.broker_directory)
        try:
            keep = partial(start_or_adopt, broker.directory)
            with _supervised(settings.model_copy(update={"broker_url": broker.url}), keep) as bus:
                yield bus
        finally:
            if (left := find(broker.directory)) is not None:
                left.stop()


def _prepare_broker(runtime: Runtime) -> None:
    for remark in runtime.check_broker():
        _log.warning("broker_remark", reason=remark)
    runtime.set_up_broker()


@contextmanager
def _supervised(settings: Settings, keep: Callable[[], object] | None) -> Iterator[Running]:
    settings = with_free_ports(settings)
    runtime = Runtime(settings)
    facts = {"gateway": f"http://{settings.gateway_host}:{settings.gateway_port}", "home": str(settings.home)}
    try:
        with Supervisor(settings.home, service_commands(settings, runtime.queues), facts, keep) as supervisor:
            threading.Thread(target=supervisor.watch, name="supervisor", daemon=True).start()
            yield Running(settings, supervisor, runtime)
    finally:
        runtime.close()
