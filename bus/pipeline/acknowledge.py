"""Acknowledge: what registered consumers say on ledger.confirmations becomes the state of their postings.

Only the consumer that a posting was sent to may answer it. Everything else is refused, kept in the quarantine, and
changes nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from bus.errors import BusError, Invalid
from bus.message import SPEC_VERSION
from bus.pipeline.confirm import Answer, change_of, raise_for
from bus.pipeline.consumers import Consumers
from bus.pipeline.open_channel import ChannelDoor, Incoming
from bus.pipeline.unpack import quarantined, unpack
from bus.ports import DeliveryResult, Outcome
from bus.records import PostingChange, SentPosting
from bus.schemas import EventSchemas
from bus.store_port import Store, UnitOfWork

CONFIRMATION_TYPE: Final = "ledger.confirmation.v1"
_WAIT_SECONDS: Final = 0.2
_LARGEST: Final = 65_536
# States in which a consumer's answer is awaited; one that is to be sent again may be answered meanwhile.
_OPEN: Final = ("pending", "leased", "sent", "in_doubt")
_UNDECIDED: Final = (Outcome.TRANSIENT, Outcome.IN_DOUBT)

log = structlog.get_logger(__name__)

Refused = tuple[Incoming, BusError]


@dataclass(frozen=True, slots=True)
class _Said:
    """A well-formed confirmation by a known consumer."""

    consumer: str
    result: DeliveryResult
    message: Incoming


class Acknowledge:
    """The use case behind ledger.confirmations. One turn handles one batch: committed, and only then taken off."""

    def __init__(
        self, door: ChannelDoor, store: Store, schemas: EventSchemas, consumers: Consumers, batch_size: int
    ) -> None:
        """`schemas` holds schemas/ledger/confirmation.v1.json as "ledger.confirmation.v1"."""
        self._door = door
        self._store = store
        self._schemas = schemas
        self._consumers = consumers
        self._batch_size = batch_size

    def __call__(self) -> int:
        """Take a batch; how many messages came. Raises Transient when store or broker is away: all come again."""
        taken = self._door.take(self._batch_size, _WAIT_SECONDS)
        if not taken:
            return 0
        try:
            counts = self.settle(taken)
        except BaseException:
            self._door.give_back(taken)
            raise
        self._door.settle(taken)
        log.info("confirmations_taken", channel=self._door.channel, count=len(taken), refused=counts.get("refused", 0))
        return len(taken)

    def settle(self, taken: Sequence[Incoming]) -> dict[str, int]:
        """Settle the postings that these messages confirm, in one commit; how many messages ended how.

        Keys: states of postings, "repeated" for an answer that was given before, "refused". Raises Transient.
        """
        judged = [self._judge(message) for message in taken]
        said = [each for each in judged if isinstance(each, _Said)]
        refused: list[Refused] = [each for each in judged if not isinstance(each, _Said)]
        changes: dict[str, PostingChange] = {}
        counts: Counter[str] = Counter()
        with self._store.begin() as uow:
            standing = uow.answers.lock(sorted({each.result.posting_id for each in said})) if said else {}
            for each in said:
                try:
                    change = self._weigh(each, standing)
                except Invalid as error:
                    refused.append((each.message, error))
                    continue
                counts["repeated" if change is None else change.state] += 1
                if change is not None:
                    changes[change.posting_id] = change
            _write(uow, list(changes.values()))
            if refused:
                uow.quarantine.add([quarantined(self._door.channel, message, error) for message, error in refused])
        if refused:
            log.warning("confirmations_refused", count=len(refused), code=refused[0][1].code)
            counts["refused"] = len(refused)
        return dict(counts)

    def _judge(self, message: Incoming) -> _Said | Refused:
        consumer = self._consumers.sender(message)
        if consumer is None:
            return message, Invalid("CONFIRMATION_UNAUTHENTICATED", "neither a consumer's account nor its signature")
        try:
            return _Said(consumer.name, self._read(message), message)
        except Invalid as error:
            return message, Invalid("CONFIRMATION_MALFORMED", error.message, error.where)

    def _read(self, message: Incoming) -> DeliveryResult:
        if len(message.body) > _LARGEST:
            raise Invalid("CONFIRMATION_MALFORMED", "a confirmation has 64 KiB at most")
        event = unpack(message)
        if event.get("specversion") != SPEC_VERSION or event.get("type") != CONFIRMATION_TYPE:
            raise Invalid("CONFIRMATION_MALFORMED", f"not a CloudEvent 1.0 of type {CONFIRMATION_TYPE}", "/type")
        data: Any = event.get("data")
        self._schemas.check_data(CONFIRMATION_TYPE, data)
        outcome = Outcome(data["outcome"])
        said = ": ".join(text for text in (data.get("code"), data.get("message")) if text) or None
        # The consumer's own code is no code of ours: it goes into the words.
        code = "TARGET_REJECTED" if outcome is Outcome.REJECTED else None
        return DeliveryResult(data["posting_id"], outcome, data.get("reference"), code, said)

    def _weigh(self, said: _Said, standing: dict[str, SentPosting]) -> PostingChange | None:
        """What an answer changes; None if it says what is known already. Raises Invalid for one that may not be."""
        key = said.result.posting_id
        posting = standing.get(key)
        asked = None if posting is None else self._consumers.of(posting.company, posting.target)
        if posting is None or asked is None or asked.name != said.consumer or posting.attempts == 0:
            raise Invalid("CONFIRMATION_FOREIGN", f"{said.consumer} was never sent it", "/data/posting_id")
        change = change_of(Answer(said.result, posting.attempts))
        if posting.state == change.state or (posting.state not in _OPEN and said.result.outcome in _UNDECIDED):
            return None
        if posting.state not in _OPEN:
            raise Invalid("CONFIRMATION_CONTRADICTS", f"it is {posting.state}", "/data/outcome")
        standing[key] = SentPosting(posting.company, posting.target, change.state, posting.attempts)
        return change


def _write(uow: UnitOfWork, changes: Sequence[PostingChange]) -> None:
    if not changes:
        return
    uow.answers.settle(changes)
    # What was in doubt is so no longer; a rejection opens an exception of its own.
    uow.exceptions.answered([change.posting_id for change in changes], "answered by the consumer")
    if confirmed := [change.posting_id for change in changes if change.state == "confirmed"]:
        uow.inbox.note_vouchers(confirmed)
    if failed := [change for change in changes if change.state in ("rejected", "in_doubt")]:
        raise_for(uow, failed)
