"""What an import tells while it runs and when it has ended."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

_EVERY_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """`phase` is "documents" (joined tables), "sorting" or "events"; `fraction` 0 to 1 of that phase's file."""

    phase: str
    fraction: float
    rows: int
    offered: int
    rejected: int


@dataclass(slots=True)
class Tally:
    """Counts of the event rows: all that were read, left out by `where`, ignored by activity, offered by event type,
    receipts by outcome, rejects by code."""

    rows: int = 0
    left_out: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    offered: Counter[str] = field(default_factory=Counter)
    receipts: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """Plain counts, to be stored."""
        return {
            "rows": self.rows,
            "left_out": self.left_out,
            "ignored": dict(self.ignored),
            "offered": dict(self.offered),
            "receipts": dict(self.receipts),
            "rejected": dict(self.rejected),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Tally":
        """The counts that `to_json` stored."""
        counters = ("ignored", "offered", "receipts", "rejected")
        return cls(stored["rows"], stored["left_out"], *(Counter(stored[name]) for name in counters))


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The end of an import. Counts are of the whole import, also where it was resumed: `resumed_at` is the number of
    rows that an earlier, interrupted run had done, `receipts_now` are this run's receipts alone.

    `documents` counts distinct documents made known. `rejects` are the reject files that were written, by input.
    """

    mapping: str
    folder: Path
    rejects: dict[str, Path]
    provenance: Path
    documents: int
    tally: Tally
    receipts_now: Counter[str]
    resumed_at: int
    seconds: float

    @property
    def rejected(self) -> int:
        """How many rows stand in the reject files."""
        return self.tally.rejected.total()

    def to_json(self) -> dict[str, Any]:
        """A JSON object: counts as integers, paths as text, seconds rounded to milliseconds."""
        return {
            "mapping": self.mapping,
            "rows": self.tally.rows,
            "left_out": self.tally.left_out,
            "ignored": dict(self.tally.ignored.most_common()),
            "events": dict(self.tally.offered),
            "receipts": dict(self.tally.receipts),
            "receipts_now": dict(self.receipts_now),
            "rejected": self.rejected,
            "rejected_by_code": dict(self.tally.rejected.most_common()),
            "documents": self.documents,
            "resumed_at": self.resumed_at,
            "seconds": round(self.seconds, 3),
            "folder": str(self.folder),
            "rejects": {name: str(path) for name, path in self.rejects.items()},
            "provenance": str(self.provenance),
        }


class Measured(Protocol):
    """Something that is read from its start to its end."""

    @property
    def fraction(self) -> float:
        """How much has been read, 0 to 1."""
        ...


class Pace:
    """Passes progress on a few times a second, however often it is told."""

    def __init__(self, progress: Callable[[ImportProgress], None]) -> None:
        """`progress` is called on the importer's thread."""
        self._progress = progress
        self._next = 0.0
        self._phase = ""

    def tell(self, phase: str, source: Measured, rows: int, tally: Tally) -> None:
        """Report if the phase is new or the time has come."""
        now = time.monotonic()
        if phase == self._phase and now < self._next:
            return
        self._phase, self._next = phase, now + _EVERY_SECONDS
        self.end(phase, source.fraction, rows, tally)

    def end(self, phase: str, fraction: float, rows: int, tally: Tally) -> None:
        """Report at once."""
        self._progress(ImportProgress(phase, fraction, rows, tally.offered.total(), tally.rejected.total()))
