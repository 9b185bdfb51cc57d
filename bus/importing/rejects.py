"""The reject file: what was refused, where and why, beside the raw row; corrected, it can be imported again."""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bus.importing.plan import Dialect

# A file whose header begins with these is a reject file, whatever dialect the mapping names for the input.
MARKS: Final = (
    "ledgerbus_file", "ledgerbus_row", "ledgerbus_document", "ledgerbus_sequence", "ledgerbus_rule",
    "ledgerbus_code", "ledgerbus_reason", "ledgerbus_pointer",
)  # fmt: skip
MARKS_DIALECT: Final = Dialect()

# A spreadsheet runs cells that begin so. The quote itself is in the list, so that taking it off again is exact.
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "'")


@dataclass(frozen=True, slots=True)
class Reject:
    """One refused row: data row `number` of `file`. `sequence` is the place it keeps in its document (None: unknown),
    `rule` the number from 1 of the event form that it was for, `pointer` the field of the event."""

    file: str
    number: int
    cells: Sequence[str]
    code: str
    reason: str
    pointer: str = ""
    document: str = ""
    sequence: int | None = None
    rule: int | None = None


class RejectFile:
    """Appends rejects; the header is written with the first one. Call `keep` before the rows count as done."""

    def __init__(self, path: Path, header: Sequence[str], size: int = 0) -> None:
        """Continue a file that was good up to `size` bytes; what stands after them is from an interrupted run."""
        self.path = path
        # A row that was rejected twice keeps the marks of its latest reject only.
        self._own = [index for index, name in enumerate(header) if name not in MARKS]
        self._header = [header[index] for index in self._own]
        self._full = len(header)
        self._file = path.open("ab")
        self._file.truncate(size)
        self._file.seek(0, os.SEEK_END)

    def write(self, rejects: Sequence[Reject]) -> None:
        """Append rejects."""
        if not rejects:
            return
        text = io.StringIO()
        writer = csv.writer(text)
        if self._file.tell() == 0:
            text.write("\ufeff")
            writer.writerow((*MARKS, *self._header))
        for one in rejects:
            marks = (one.file, one.number, one.document, one.sequence, one.rule, one.code, one.reason, one.pointer)
            # A malformed row has its own number of cells; they are kept as they came.
            raw = [one.cells[index] for index in self._own] if len(one.cells) == self._full else one.cells
            writer.writerow(escape("" if cell is None else str(cell)) for cell in (*marks, *raw))
        self._file.write(text.getvalue().encode())

    def keep(self) -> int:
        """Make everything durable; the file's size in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close; an empty file is removed, so that a reject file that is there says something."""
        self._file.close()
        if self.path.stat().st_size == 0:
            self.path.unlink()


def escape(cell: str) -> str:
    """The cell as a spreadsheet may open it: a quote before what it would run."""
    return "'" + cell if cell.startswith(_RISKY) else cell


def unescape(cell: str) -> str:
    """What `escape` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RISKY) else cell
