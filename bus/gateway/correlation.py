"""One correlation id a request: in every answer's header, in every log line, and no traceback for a user."""

import re
import uuid
from collections.abc import Callable
from typing import Any, Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = "X-Correlation-ID"

_SANE = re.compile(r"[A-Za-z0-9._:/-]{1,128}\Z")
_KEY: Final = "correlation_id"
_log = structlog.get_logger("bus.gateway")


def correlation_id(scope: Scope) -> str:
    """The id of the request that is being answered."""
    return str(scope["state"][_KEY])


def adopt(scope: Scope, offered: Any) -> None:
    """Take the event's own correlation id for this request, where it is text that is safe in a header and a log."""
    if isinstance(offered, str) and _SANE.match(offered):
        scope["state"][_KEY] = offered
        structlog.contextvars.bind_contextvars(correlation_id=offered)


class Correlation:
    """ASGI middleware: gives each request its id and answers a defect through `on_defect`, after logging it."""

    def __init__(self, app: ASGIApp, on_defect: Callable[[Request], Response]) -> None:
        self._app = app
        self._on_defect = on_defect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        structlog.contextvars.clear_contextvars()
        scope["state"] = dict(scope.get("state") or {})
        headers = Headers(scope=scope)
        adopt(scope, uuid.uuid4().hex)
        adopt(scope, headers.get(HEADER))
        adopt(scope, headers.get("ce-correlationid"))
        await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)[HEADER] = correlation_id(scope)
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            return
        except Exception:  # noqa: BLE001 - the last stop before the user, who must see no traceback
            _log.exception("request failed", path=scope["path"], method=scope["method"])
            if not started:
                await self._on_defect(Request(scope))(scope, receive, send_with_id)
