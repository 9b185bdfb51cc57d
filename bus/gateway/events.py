"""What becomes of offered events at the door: who may, how large, how many; then one receipt each."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bus.errors import Invalid
from bus.gateway.body import EVENT_LIMIT, too_large
from bus.gateway.identity import Identity
from bus.gateway.problems import problem
from bus.message import canonical_json
from bus.pipeline.receive import Receipt, ReceiptOutcome

Offer = Callable[[Sequence[dict[str, Any]]], Awaitable[list[Receipt]]]


async def receipts_for(events: Sequence[Any], identity: Identity | None, offer: Offer, body_size: int) -> list[Receipt]:
    """One receipt an event, in order; what the door itself refuses is never offered."""
    refusals = [_refusal(event, identity, body_size) for event in events]
    welcome = [event for event, refusal in zip(events, refusals, strict=True) if refusal is None]
    given = iter(await offer(welcome) if welcome else [])
    return [
        next(given) if refusal is None else _refused(event, refusal)
        for event, refusal in zip(events, refusals, strict=True)
    ]


def answer_one(request: Request, receipt: Receipt) -> Response:
    """202 for an accepted or repeated event; a problem for a conflict or an invalid one."""
    if receipt.outcome in (ReceiptOutcome.ACCEPTED, ReceiptOutcome.DUPLICATE):
        return _json(receipt_json(receipt))
    conflict = receipt.outcome is ReceiptOutcome.CONFLICT
    code = "EVENT_CONFLICT" if conflict else receipt.code or "EVENT_INVALID"
    error = Invalid(code, receipt.message or "", receipt.pointer or "")
    error.message = error.message or error.words.en
    return problem(request, error, outcome=receipt.outcome.value)


def answer_batch(receipts: Sequence[Receipt]) -> Response:
    """202 with one receipt an event, in order, whatever became of each."""
    return _json({"receipts": [receipt_json(receipt) for receipt in receipts]})


def receipt_json(receipt: Receipt) -> dict[str, str]:
    """A receipt as it is answered, without what it does not say."""
    names = ("source", "id", "outcome", "hash", "code", "message", "pointer", "state")
    return {name: str(value) for name in names if (value := getattr(receipt, name)) is not None}


def _refusal(event: Any, identity: Identity | None, body_size: int) -> Invalid | None:
    if not isinstance(event, dict):
        return Invalid("MESSAGE_MALFORMED", "not a JSON object / 不是 JSON 对象")
    # Each event is measured only where the whole body is larger than one event may be.
    if body_size > EVENT_LIMIT and len(canonical_json(event)) > EVENT_LIMIT:
        return too_large(EVENT_LIMIT)
    return identity.refusal(event) if identity else None


def _refused(event: Any, error: Invalid) -> Receipt:
    said = event if isinstance(event, dict) else {}
    source, named = (value if isinstance(value := said.get(name), str) else "" for name in ("source", "id"))
    return Receipt(
        source, named, ReceiptOutcome.INVALID, code=error.code, message=error.message, pointer=error.where or None
    )


def _json(said: dict[str, Any]) -> Response:
    return Response(canonical_json(said), 202, media_type="application/json")
