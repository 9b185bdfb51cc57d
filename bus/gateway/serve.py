"""The gateway as a process: `python -m bus.gateway`, set up by the environment alone."""

import ipaddress
import socket
import sys
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from bus import logs
from bus.bootstrap import Runtime
from bus.config import Settings
from bus.errors import BusError, Permanent, Transient
from bus.gateway.app import create_app
from bus.gateway.identity import Identity
from bus.gateway.keys import read_keys

_LAST_ANSWERS_SECONDS: Final = 10


def from_environment() -> FastAPI:
    """The door over the store that the environment names. Raises Permanent GATEWAY_KEYS_MISSING and what it reads."""
    settings = Settings()
    logs.configure(settings.log_level, as_json=settings.log_json)
    keys = keys_for(settings)
    runtime = Runtime(settings)

    def readiness() -> dict[str, Any]:
        try:
            with runtime.store.read() as uow:
                unfinished = uow.totals.unfinished()
        except Transient as error:
            return {"ready": False, "store": error.code}
        return {"ready": True, "store": "ok", "unfinished": unfinished}

    return create_app(runtime.receive, readiness, runtime.trace, keys)


def keys_for(settings: Settings) -> dict[str, Identity] | None:
    """The door's keys; None without a file, which is for loopback only. Raises Permanent GATEWAY_KEYS_MISSING."""
    if settings.gateway_keys_file is not None:
        return read_keys(settings.gateway_keys_file)
    if not _is_loopback(settings.gateway_host):
        raise Permanent("GATEWAY_KEYS_MISSING", f"{settings.gateway_host} is not loopback, and there are no keys")
    return None


def main() -> None:
    """Serve until SIGTERM or SIGINT; exit code 1 where the settings forbid it."""
    settings = Settings()
    try:
        app = from_environment()
    except BusError as error:
        sys.exit(str(error))
    address: dict[str, Any] = {"host": settings.gateway_host, "port": settings.gateway_port}
    config = uvicorn.Config(app, **address, log_level="warning", timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS)
    Door(config, settings).run()


class Door(uvicorn.Server):
    """A server that says it is ready once the port is its own: another bus on the port would answer probes as well."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, or end the process with exit code 1 where the port is taken."""
        await super().startup(sockets)
        if self.started:
            self._settings.announce_ready()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
