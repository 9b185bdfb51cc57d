"""The rows of the store as the use cases see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from bus.accounting.journal import JournalEntry
from bus.message import Event

NO_LIVE_APPROVAL = "NO_LIVE_APPROVAL"
SEQUENCE_GAP = "SEQUENCE_GAP"
SEQUENCE_TAKEN = "SEQUENCE_TAKEN"


@dataclass(frozen=True, slots=True)
class InboxRow:
    """An event in the inbox. `reason` is its no-op reason or, while held, its error code; "released" after a hold."""

    id: int
    event: Event
    state: str
    reason: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An accepted event that is due: to be routed, or, when `queue` is set, woken once more.

    `payload` is the stored CloudEvent as JSON text; it is read only where somebody asks for what is in it.
    """

    id: int
    source: str
    type: str
    company: str
    document: str
    payload: str
    queue: str | None
    dispatches: int
    attempts: int

    @property
    def event(self) -> Event:
        """The whole event."""
        return Event.from_cloudevent(orjson.loads(self.payload))

    @property
    def data(self) -> dict[str, Any]:
        """The event's data."""
        return self.event.data


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due: how many rows (counted no further than a batch), and since how many milliseconds the oldest."""

    count: int
    age_ms: int


@dataclass(frozen=True, slots=True)
class DocumentClaim:
    """A document that this worker holds, with every event of it that is not settled, in no order.

    Settled ones are among `rows` only while their number is still to come: copied only, or discarded.
    `withdrawn_at` is the time (ms) of the newest withdrawal from a source without sequences, `approved_at` that of the
    newest event booked from such a source, by event type.
    """

    company: str
    key: str
    next_sequence: int
    withdrawn_at: int | None
    rows: tuple[InboxRow, ...]
    approved_at: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settlement:
    """The new state of an inbox row."""

    inbox_id: int
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RaisedException:
    """A failure with a name, a document and an amount (minor units, None where the event has none)."""

    inbox_id: int
    code: str
    company: str
    document: str
    amount: int | None
    currency: str | None
    cause: str
    message: str
    detail: dict[str, Any]
    posting_id: str | None = None


@dataclass(frozen=True, slots=True)
class ClosedException:
    """Exceptions of an event that are over: released (it went through) or discarded (superseded)."""

    inbox_id: int
    state: str
    remedy: str


@dataclass(frozen=True, slots=True)
class BookableEntry:
    """A journal entry with where it goes: `period` ("2026-11") and the accounting date the period policy allows."""

    inbox_id: int
    source: str
    event_id: str
    company: str
    period: str
    accounting_date: date
    entry: JournalEntry

    @property
    def counter(self) -> tuple[str, str, str, str]:
        """Company, book, period, word: the run of voucher numbers and the hash chain it belongs to."""
        return (self.company, self.entry.book, self.period, self.entry.word)


@dataclass(frozen=True, slots=True)
class NumberedEntry:
    """A bookable entry with its voucher number, final text and link in the hash chain."""

    bookable: BookableEntry
    number: int
    text: str
    previous_hash: str
    hash: str


@dataclass(slots=True)
class DocumentResult:
    """What a walk over one document's events ended with; written in one transaction with its batch."""

    company: str
    key: str
    next_sequence: int
    withdrawn_at: int | None
    settlements: list[Settlement] = field(default_factory=list)
    entries: list[BookableEntry] = field(default_factory=list)
    raised: list[RaisedException] = field(default_factory=list)
    closed: list[ClosedException] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LiveEntry:
    """A booked entry that nothing has reversed, with the number of its voucher."""

    entry: JournalEntry
    voucher: str


class StoredEntry(JournalEntry):
    """An entry as the store has it, sound or not: reading the journal to judge it must not fail on what is found."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Take it as it is."""


@dataclass(frozen=True, slots=True)
class Voucher:
    """An entry as the journal keeps it: numbered, dated, chained. `reverses` is the voucher it takes back."""

    entry: JournalEntry
    inbox_id: int
    source: str
    event_id: str
    company: str
    period: str
    number: int
    original_date: date
    previous_hash: str
    hash: str
    reverses: str | None

    @property
    def name(self) -> str:
        """The voucher's number in words."""
        return voucher_number(self.entry.word, self.period, self.number)


@dataclass(frozen=True, slots=True)
class NewPosting:
    """A booked entry on its way to one target."""

    posting_id: str
    entry_id: str
    target: str
    company: str


@dataclass(frozen=True, slots=True)
class LeasedPostings:
    """Postings of one target that this relay leased, under one token, with the documents they come from."""

    target: str
    token: str
    posting_ids: tuple[str, ...]
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PostingChange:
    """The new state of a posting: confirmed, rejected, in_doubt, or due again in `retry_in` seconds (pending, sent)."""

    posting_id: str
    state: str
    reference: str | None = None
    code: str | None = None
    message: str | None = None
    retry_in: int | None = None


@dataclass(frozen=True, slots=True)
class SentPosting:
    """A posting as it stands when a consumer answers it: where it goes, and how often it was sent."""

    company: str
    target: str
    state: str
    attempts: int


@dataclass(frozen=True, slots=True)
class EventCopy:
    """A copy of an event for a channel, asked for by a routing rule."""

    id: int
    channel: str
    kind: str
    event: Event


@dataclass(frozen=True, slots=True)
class QuarantinedMessage:
    """A message of an open channel that was no event, and why: `code`, `message`, `pointer` (JSON pointer or place).

    `body` is base64 of the first 1 MiB; `body_hash` (SHA-256, hex) and `length` are of the whole. `headers` is the JSON
    text of the allow-listed ones. `sender` is the account that the broker vouches for, where it does.
    """

    channel: str
    message_id: str
    sender: str | None
    body_hash: str
    length: int
    body: str
    headers: str
    code: str
    message: str
    pointer: str | None


def voucher_number(word: str, period: str, number: int) -> str:
    """A voucher's number in words: ("记", "2026-11", 1) -> "记-2026-11-0001"."""
    return f"{word}-{period}-{number:04d}"
