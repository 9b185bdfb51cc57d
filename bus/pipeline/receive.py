"""Accept events: checked, deduplicated, committed; one receipt an event.

An event is accepted when its row is committed. The same event again gets the first answer again, for ever; the same
source and id with other content is a conflict and changes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bus.errors import Invalid
from bus.message import Event
from bus.schemas import EventSchemas
from bus.store_port import Store

Key = tuple[str, str]


class ReceiptOutcome(StrEnum):
    """What became of an offered event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to one event: `hash` is its content hash, `pointer` the JSON pointer of what was refused.

    `state` is the state of the event's inbox row when this answer was given.
    """

    source: str
    id: str
    outcome: ReceiptOutcome
    hash: str | None = None
    code: str | None = None
    message: str | None = None
    pointer: str | None = None
    state: str | None = None


class Receive:
    """The use case behind every door."""

    def __init__(self, store: Store, schemas: EventSchemas, companies: Collection[str]) -> None:
        self._store = store
        self._schemas = schemas
        self._companies = companies

    def __call__(self, offered: Sequence[dict[str, Any]]) -> list[Receipt]:
        """CloudEvents as JSON objects -> receipts in the same order, after one commit. Raises Transient: try again.

        Within one batch the first of several events with one source and id counts, and the rest are its duplicates.
        """
        checked = [self._check(attributes) for attributes in offered]
        first: dict[Key, Event] = {}
        for event in checked:
            if isinstance(event, Event):
                first.setdefault((event.source, event.id), event)
        added, known = self._store_new(list(first.values()))
        receipts = []
        for event in checked:
            if isinstance(event, Receipt):
                receipts.append(event)
            else:
                receipts.append(_answer(event, added, known))
        return receipts

    def _check(self, attributes: dict[str, Any]) -> Event | Receipt:
        try:
            self._schemas.check(attributes)
            self._check_company(attributes["company"])
            return Event.from_cloudevent(attributes)
        except Invalid as error:
            return Receipt(
                source=_shown(attributes, "source"),
                id=_shown(attributes, "id"),
                outcome=ReceiptOutcome.INVALID,
                code=error.code,
                message=error.message,
                pointer=error.where,
            )

    def _check_company(self, company: str) -> None:
        if company not in self._companies:
            raise Invalid("COMPANY_UNKNOWN", "this bus keeps no books for that company", "/company")

    def _store_new(self, events: Sequence[Event]) -> tuple[set[Key], dict[Key, tuple[str, str]]]:
        if not events:
            return set(), {}
        with self._store.begin() as uow:
            added = uow.inbox.add(events)
            known = uow.inbox.known([(event.source, event.id) for event in events])
        return added, known


def _answer(event: Event, added: set[Key], known: dict[Key, tuple[str, str]]) -> Receipt:
    key = (event.source, event.id)
    stored, state = known[key]
    mine = event.content_hash
    if stored != mine:
        said = "the inbox has this source and id with other content"
        return Receipt(*key, ReceiptOutcome.CONFLICT, mine, "EVENT_CONFLICT", said, "/id", state)
    if key in added:
        added.discard(key)  # a second one of the same batch is a duplicate of the first
        return Receipt(*key, ReceiptOutcome.ACCEPTED, mine, state=state)
    return Receipt(*key, ReceiptOutcome.DUPLICATE, mine, state=state)


def _shown(attributes: dict[str, Any], name: str) -> str:
    value = attributes.get(name)
    return value[:200] if isinstance(value, str) else ""
