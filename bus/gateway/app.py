"""The HTTP door: CloudEvents in, receipts out; health, readiness and the trace of a document."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bus.errors import Invalid, Permanent
from bus.gateway.batcher import Batcher
from bus.gateway.binding import Mode, bind, read_events
from bus.gateway.body import read_body
from bus.gateway.correlation import Correlation, adopt
from bus.gateway.events import answer_batch, answer_one, receipts_for
from bus.gateway.identity import Identity, Keyring
from bus.gateway.problems import answer_problems, problem
from bus.message import canonical_json
from bus.pipeline.receive import Receipt

ReceiveEvents = Callable[[Sequence[dict[str, Any]]], list[Receipt]]
Readiness = Callable[[], dict[str, Any]]
Trace = Callable[[str, str], dict[str, Any] | None]

# Reading a large body as JSON would keep every other request waiting.
_LARGE: Final = 64 * 1024


def create_app(
    receive: ReceiveEvents,
    readiness: Readiness,
    trace: Trace | None = None,
    keys: Mapping[str, Identity] | None = None,
) -> FastAPI:
    """The door over three blocking callables, each run outside the event loop.

    `receive` takes CloudEvents as JSON objects and gives one receipt each, in order, after its commit; it may raise
    Transient (503). `readiness` gives a JSON object; `"ready": false` in it answers 503. `trace` takes company and
    document and gives a JSON object or None (404). `keys`: bearer key -> holder; without them the door is open.
    """
    batcher = Batcher(receive)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await batcher.close()

    app = FastAPI(title="Ledgerbus", lifespan=lifespan, docs_url=None, redoc_url=None)
    keyring = Keyring(keys)
    _serve_events(app, batcher, keyring)
    _serve_health(app, readiness)
    if trace is not None:
        _serve_trace(app, trace, keyring)
    answer_problems(app)
    app.add_middleware(Correlation, on_defect=_defect)
    return app


def _serve_events(app: FastAPI, batcher: Batcher, keyring: Keyring) -> None:
    @app.post("/events", status_code=202)
    async def events(request: Request) -> Response:
        """Offer one CloudEvent (structured or binary mode) or a batch of them."""
        identity = keyring.identify(request.headers.get("authorization"))
        binding = bind(request.headers)
        body = await read_body(request, binding.limit)
        if len(body) > _LARGE:
            offered = await run_in_threadpool(read_events, binding, body)
        else:
            offered = read_events(binding, body)
        if binding.mode is Mode.BATCHED:
            return answer_batch(await receipts_for(offered, identity, batcher.offer, len(body)))
        adopt(request.scope, offered[0].get("correlationid"))
        [receipt] = await receipts_for(offered, identity, batcher.offer, len(body))
        return answer_one(request, receipt)


def _serve_health(app: FastAPI, readiness: Readiness) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "live"}

    @app.get("/ready")
    async def ready() -> Response:
        """The door can accept events: 200, or 503 with what is missing."""
        found = await run_in_threadpool(readiness)
        status = 503 if found.get("ready") is False else 200
        return Response(canonical_json(found), status, media_type="application/json")


def _serve_trace(app: FastAPI, trace: Trace, keyring: Keyring) -> None:
    @app.get("/documents/{company}/{document:path}")
    async def document_trace(request: Request, company: str, document: str) -> Response:
        """Event, rule, voucher, postings and confirmations of one document."""
        identity = keyring.identify(request.headers.get("authorization"))
        if identity is not None and not identity.sees(company):
            raise Invalid("FORBIDDEN", "not allowed for this company / 无权查看此公司")
        found = await run_in_threadpool(trace, company, document)
        if found is None:
            raise Invalid("NOT_FOUND", "no such document / 无此单据")
        return Response(canonical_json(found), media_type="application/json")


def _defect(request: Request) -> Response:
    return problem(request, Permanent("DEFECT", "the bus failed / 总线内部错误"))
