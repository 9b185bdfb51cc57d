"""The services of one bus on one machine: how each is started and when it takes work."""

import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from bus.cli.child import Service
from bus.config import PROJECT, Settings

APP: Final = "workers.app"
_FLOWER_SETTINGS: Final = Path("workers") / "flowerconfig.py"


def service_commands(settings: Settings, queues: Sequence[str], app: str = APP) -> list[Service]:
    """Gateway, dispatcher, worker and Flower, in the order to start them.

    `settings.broker_url` must be known; `queues` are those that this worker takes from; `app` is the Celery
    application. Each command is also what a host of its own would run.
    """
    gateway = f"http://{settings.gateway_host}:{settings.gateway_port}"
    flower = f"http://{settings.flower_host}:{settings.flower_port}"

    service = partial(_service, settings)
    work = ("-Q", ",".join(queues), "-c", str(settings.worker_concurrency), "-n", "worker@%h", "-l", settings.log_level)
    return [
        service(
            "gateway",
            ("-m", "bus.gateway"),
            announces=True,
            facts={"url": gateway},
        ),
        service("dispatcher", ("-m", "bus.dispatcher"), announces=True),
        service(
            "worker",
            ("-m", "celery", "-A", app, "worker", "--without-mingle", "--without-gossip", *work),
            announces=True,
        ),
        service(
            "flower",
            ("-m", "celery", "-A", app, "flower", f"--conf={PROJECT / _FLOWER_SETTINGS}"),
            ready=answers(f"{flower}/healthcheck"),
            facts={"url": flower, "user": settings.flower_user},
        ),
    ]


def _service(settings: Settings, name: str, command: Sequence[str], **how: Any) -> Service:
    return Service(name, (sys.executable, *command), _environment(settings), settings.home / "run" / name, **how)


def answers(url: str, within_seconds: float = 1) -> Callable[[], bool]:
    """A probe: whether a GET of `url` is answered 200 in time."""

    def probe() -> bool:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=within_seconds) as answer:  # noqa: S310
            return int(answer.status) == 200
        return False

    return probe


def free_port(host: str, wanted: int) -> int:
    """`wanted` where nothing listens on it, else a free TCP port of `host`."""
    for candidate in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, candidate))
            return int(probe.getsockname()[1])
    raise OSError(f"no free port on {host}")


def with_free_ports(settings: Settings) -> Settings:
    """The settings with another port for the gateway and Flower where theirs is taken."""
    gateway = free_port(settings.gateway_host, settings.gateway_port)
    flower = free_port(settings.flower_host, settings.flower_port)
    return settings.model_copy(update={"gateway_port": gateway, "flower_port": flower})


def _environment(settings: Settings) -> dict[str, str]:
    """Ours and the settings'. Flower reads FLOWER_…: an operator's leftovers must not open it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FLOWER_")}
    # SIGTERM lets running tasks finish for worker_soft_shutdown_timeout, not for ever.
    return {**inherited, **settings.as_environment(), "REMAP_SIGTERM": "SIGQUIT", "PYTHONUNBUFFERED": "1"}
