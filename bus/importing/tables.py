"""CSV files, gzipped or not, as numbered lines."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from bus.errors import Invalid
from bus.importing.plan import Dialect, Input
from bus.importing.rejects import MARKS, MARKS_DIALECT, unescape
from bus.importing.values import Line

if TYPE_CHECKING:
    from _csv import Reader

_GZIP_MAGIC: Final = b"\x1f\x8b"
_MARKS_START: Final = ",".join(MARKS).encode()


@dataclass(frozen=True, slots=True)
class Malformed:
    """A row that is no row: its place, its cells as far as they could be told apart, and what is wrong."""

    file: str
    number: int
    cells: list[str]
    reason: str


@dataclass(slots=True)
class TableFile:
    """An input's file, its header read. `again` is true for a (corrected) reject file of an earlier import."""

    name: str
    path: Path
    dialect: Dialect
    header: list[str]
    again: bool
    _size: int
    _raw: BinaryIO | None = field(default=None)

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1, by its bytes on disk."""
        if self._raw is None or self._raw.closed:
            return 1.0
        return min(1.0, self._raw.tell() / max(1, self._size))

    def lines(self) -> Iterator[Line | Malformed]:
        """The data rows in file order, blank lines left out. Raises Invalid IMPORT_FILE_UNREADABLE."""
        positions = {name: index for index, name in enumerate(self.header)}
        with _opened(self.path, self.dialect) as (raw, text):
            self._raw = raw
            reader = _reader(text, self.dialect)
            number = 0 if self.dialect.header else -1
            while True:
                cells, reason = self._next(reader)
                if cells is None:
                    return
                if not cells and not reason:
                    continue
                number += 1
                if number == 0:
                    continue
                if not reason and len(cells) != len(self.header):
                    reason = f"{len(cells)} cells where the header has {len(self.header)}"
                if reason:
                    yield Malformed(self.path.name, number, cells, f"{reason} (line {reader.line_num})")
                else:
                    yield self._line(number, cells, positions)

    @staticmethod
    def _next(reader: "Reader") -> tuple[list[str] | None, str]:
        try:
            return next(reader), ""
        except StopIteration:
            return None, ""
        except csv.Error as error:
            return [], f"not CSV: {error}"

    def _line(self, number: int, cells: list[str], positions: dict[str, int]) -> Line:
        if not self.again:
            return Line(self.path.name, number, cells, positions)
        cells = [unescape(cell) for cell in cells]
        file, row, _, sequence, rule = (cells[positions[mark]].strip() for mark in MARKS[:5])
        return Line(
            file=file or self.path.name,
            number=int(row) if row.isdecimal() else number,
            cells=cells,
            positions=positions,
            again=True,
            sequence=int(sequence) if sequence.isdecimal() else None,
            rule=int(rule) if rule.isdecimal() else None,
        )


def open_table(table: Input, path: Path) -> TableFile:
    """The file with its header read. Raises Invalid IMPORT_FILE_UNREADABLE. Whether it has the columns is not asked."""
    if not path.is_file():
        raise Invalid("IMPORT_FILE_UNREADABLE", f"{path} is not a file", str(path))
    with _opened(path, MARKS_DIALECT) as (_, text):
        again = text.readline(500).replace('"', "").encode().startswith(_MARKS_START)
    dialect = MARKS_DIALECT if again else table.dialect
    if dialect.header:
        return TableFile(table.name, path, dialect, list(dialect.header), again, path.stat().st_size)
    with _opened(path, dialect) as (_, text):
        try:
            header: list[str] = next((cells for cells in _reader(text, dialect) if cells), [])
        except csv.Error as error:
            raise Invalid("IMPORT_FILE_UNREADABLE", f"the header is not CSV: {error}", str(path)) from error
    return TableFile(table.name, path, dialect, [name.strip() for name in header], again, path.stat().st_size)


@contextmanager
def _opened(path: Path, dialect: Dialect) -> Iterator[tuple[BinaryIO, io.TextIOWrapper]]:
    with path.open("rb") as raw:
        packed = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        unpacked = gzip.GzipFile(fileobj=raw) if packed else raw
        # A byte outside the encoding must cost its row, not the file: it becomes U+FFFD, refused where it is read.
        text = io.TextIOWrapper(unpacked, encoding=dialect.encoding, errors="replace", newline="")
        try:
            for _ in range(dialect.skip_lines):
                text.readline()
            yield raw, text
        except (EOFError, OSError, zlib.error, UnicodeError) as error:
            raise Invalid(
                "IMPORT_FILE_UNREADABLE", f"{path.name} cannot be read to its end: {error}", str(path)
            ) from error


def _reader(text: io.TextIOWrapper, dialect: Dialect) -> "Reader":
    # strict: an unclosed quote would otherwise swallow rows in silence.
    if not dialect.quote:
        return csv.reader(text, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE, strict=True)
    return csv.reader(text, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
