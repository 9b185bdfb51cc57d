"""Accept events: checked, deduplicated, committed; one receipt an event."""

from dataclasses import dataclass
from enum import StrEnum


class ReceiptOutcome(StrEnum):
    """What became of an offered event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to one event: `hash` is its content hash, `pointer` the JSON pointer of what was refused."""

    source: str
    id: str
    outcome: ReceiptOutcome
    hash: str | None = None
    code: str | None = None
    message: str | None = None
    pointer: str | None = None
    state: str | None = None
