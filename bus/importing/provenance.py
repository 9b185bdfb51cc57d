"""The journal of where each event comes from: JSON Lines, one an event, written before the event is offered."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from bus.importing.values import Derived, Line


def origin(event: dict[str, Any], line: Line, derived: Sequence[Derived]) -> dict[str, Any]:
    """Event id, its file and data row (from 1), and for each amount its raw text, rounding, file, row and column."""
    return {
        "source": event["source"],
        "event": event["id"],
        "document": event["subject"],
        "file": line.file,
        "row": line.number,
        "amounts": [
            {
                "pointer": one.pointer,
                "raw": one.raw,
                "value": one.value,
                "rounding": one.rounding,
                "file": one.file,
                "row": one.row,
                "column": one.column,
            }
            for one in derived
        ],
    }


class Provenance:
    """Appends origins to a file that was good up to `size` bytes."""

    def __init__(self, path: Path, size: int = 0) -> None:
        """What stands after `size` bytes is from an interrupted run and is cut off."""
        self.path = path
        self._file = path.open("ab")
        self._file.truncate(size)
        self._file.seek(0, os.SEEK_END)

    def write(self, origins: Sequence[dict[str, Any]]) -> int:
        """Append and make durable; the file's size in bytes."""
        self._file.write(b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in origins))
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
