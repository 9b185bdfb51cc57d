"""The gateway as a process: `uvicorn bus.gateway.serve:from_environment --factory`."""

from typing import Any

from fastapi import FastAPI

from bus import logs
from bus.bootstrap import Runtime
from bus.config import Settings
from bus.errors import Transient
from bus.gateway.app import create_app


def from_environment() -> FastAPI:
    """The door over the store that the environment names."""
    settings = Settings()
    logs.configure(settings.log_level, as_json=settings.log_json)
    runtime = Runtime(settings)

    def readiness() -> dict[str, Any]:
        try:
            with runtime.store.read() as uow:
                unfinished = uow.totals.unfinished()
        except Transient as error:
            return {"ready": False, "store": error.code}
        return {"ready": True, "store": "ok", "unfinished": unfinished}

    app = create_app(runtime.receive, readiness, runtime.trace)
    settings.announce_ready()
    return app
