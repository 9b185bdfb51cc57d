"""Accept the events of an open channel: committed, answered, and only then taken off the broker.

Whatever dies on the way, a message that was not taken off comes again, and an event that comes again is a duplicate.
What is no event goes to the quarantine: nothing a program ever sent is lost, and nothing it sends stops the rest.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from bus.errors import BusError, Invalid, Permanent, Transient
from bus.message import canonical_json
from bus.pipeline.open_channel import Answer, ChannelDoor, Incoming
from bus.pipeline.receive import Receipt, ReceiptOutcome
from bus.pipeline.unpack import is_cloudevent, quarantined, shown, unpack
from bus.records import QuarantinedMessage
from bus.store_port import Store

WAIT_SECONDS: Final = 1.0

_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}\Z")
# Each may hold 1 MiB: so many go into one statement.
_A_STATEMENT: Final = 10
_FIELDS: Final = ("source", "id", "outcome", "hash", "code", "message", "pointer", "state")

Accept = Callable[[Sequence[dict[str, Any]]], list[Receipt]]
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Offer:
    """A message on its way through: what it says, then what became of it."""

    message: Incoming
    event: dict[str, Any] | None = None
    receipt: Receipt | None = None
    error: BusError | None = None


class ReceiveMessages:
    """The use case behind the broker door. One turn handles one batch."""

    def __init__(self, door: ChannelDoor, accept: Accept, store: Store, batch_size: int) -> None:
        self._door = door
        self._accept = accept
        self._store = store
        self._batch_size = batch_size

    def __call__(self) -> int:
        """Take a batch in; returns the number of messages, 0 when none came within a second.

        Raises Transient when the store or the broker is away: then no message is taken off, and all come again.
        """
        taken = self._door.take(self._batch_size, WAIT_SECONDS)
        if not taken:
            return 0
        try:
            offers = [_opened(message) for message in taken]
            self._offer([offer for offer in offers if offer.event is not None])
            self._quarantine([quarantined(self._door.channel, o.message, o.error) for o in offers if o.error])
        except BaseException:
            self._door.give_back(taken)
            raise
        self._door.answer([answer for offer in offers if (answer := _answer(offer)) is not None])
        self._door.settle(taken)
        log.info("messages_received", channel=self._door.channel, count=len(taken), refused=_refused(offers))
        return len(taken)

    def _offer(self, offers: Sequence[_Offer]) -> None:
        """One commit for all; where one of them breaks it, one commit each, so that only that one is refused."""
        if not offers:
            return
        try:
            receipts = self._accept([offer.event or {} for offer in offers])
        except Transient:
            raise
        except Exception as error:
            if len(offers) > 1:
                for offer in offers:
                    self._offer([offer])
                return
            log.exception("message_refused", channel=self._door.channel)
            offers[0].error = error if isinstance(error, BusError) else Permanent("DEFECT", type(error).__name__)
            return
        for offer, receipt in zip(offers, receipts, strict=True):
            offer.receipt = receipt
            if receipt.outcome in (ReceiptOutcome.INVALID, ReceiptOutcome.CONFLICT):
                offer.error = Invalid(receipt.code or "EVENT_INVALID", receipt.message or "", receipt.pointer or "")

    def _quarantine(self, messages: Sequence[QuarantinedMessage]) -> None:
        for start in range(0, len(messages), _A_STATEMENT):
            with self._store.begin() as uow:
                uow.quarantine.add(messages[start : start + _A_STATEMENT])


def _opened(message: Incoming) -> _Offer:
    try:
        return _Offer(message, unpack(message))
    except Invalid as error:
        return _Offer(message, error=error)


def _refused(offers: Sequence[_Offer]) -> int:
    return sum(offer.error is not None for offer in offers)


def _answer(offer: _Offer) -> Answer | None:
    """The receipt of a message, where it is known to whom. A defect of ours gets none: the sender sends again."""
    receipt = offer.receipt
    if receipt is None:
        error = offer.error
        if error is None or error.code == "DEFECT" or not is_cloudevent(offer.message):
            return None
        said = offer.event or {}
        source, name = (shown(said[key]) if isinstance(said.get(key), str) else "" for key in ("source", "id"))
        receipt = Receipt(
            source, name, ReceiptOutcome.INVALID, code=error.code, message=error.message, pointer=error.where or None
        )
    address = _address(offer.message.reply_to, receipt.source)
    if address is None:
        return None
    message_id = shown(offer.message.message_id)
    facts = {name: str(value) for name in _FIELDS if (value := getattr(receipt, name)) is not None}
    return Answer(address, message_id, canonical_json({**facts, "message_id": message_id}))


def _address(reply_to: str, source: str) -> str | None:
    """Where a receipt goes: what the sender asked for, else a name made of the event's source."""
    if _ADDRESS.match(reply_to):
        return reply_to
    return f"source.{hashlib.sha256(source.encode()).hexdigest()[:16]}" if source else None
