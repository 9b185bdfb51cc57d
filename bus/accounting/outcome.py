"""What an event becomes in the journal, and what the engine is told about the journal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bus.accounting.journal import JournalEntry


class LedgerView(Protocol):
    """What is live. Entries booked earlier in the same batch count."""

    def live(self, document: str) -> Sequence[JournalEntry]:
        """Live (not reversed) entries of a document of this company, oldest first, of all books."""
        ...


@dataclass(frozen=True, slots=True)
class Booked:
    """Entries to write together: reversals first, of all books."""

    entries: tuple[JournalEntry, ...]


@dataclass(frozen=True, slots=True)
class NoOp:
    """Nothing to book, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Not booked. `blocks` holds the later events of the document back; `cause` is equal for failures of one cause."""

    code: str
    message: str
    detail: dict[str, Any] = field(default_factory=dict)
    blocks: bool = True
    cause: str = ""


Outcome = Booked | NoOp | Failure


class Held(Exception):
    """Ends the work on an event with a failure."""

    def __init__(
        self, code: str, message: str, *, detail: dict[str, Any] | None = None, blocks: bool = True, cause: str = ""
    ) -> None:
        super().__init__(message)
        self.failure = Failure(code, message, detail or {}, blocks, cause or code)
