"""Forms: what a mapping says about a value, and how it is read from a row. Pure.

`read(view, at)` gives the value for the event, None where the field is left out, or raises Invalid; `at` is the JSON
pointer of the field in the event.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from bus.errors import Invalid

DOCUMENT: Final = "document"
ROW: Final = "row"
SEQUENCE: Final = "sequence"

# What a decoder puts in the place of bytes that it cannot read.
_UNREADABLE: Final = "\ufffd"


@dataclass(frozen=True, slots=True)
class Ref:
    """A column of one of the mapping's inputs."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Special:
    """A value that no column holds: the document key, the row's number, the event's place in its document."""

    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """One data row: `number` counts data rows from 1. A row sent again from a reject file keeps its first place:
    `again` is true, `sequence` what it was numbered with (None: nothing), `rule` which event rule it is for."""

    file: str
    number: int
    cells: list[str]
    positions: Mapping[str, int]
    again: bool = False
    sequence: int | None = None
    rule: int | None = None

    def cell(self, column: str) -> str:
        """The cell's text without surrounding white space."""
        return self.cells[self.positions[column]].strip()


@dataclass(frozen=True, slots=True)
class Derived:
    """Where an amount comes from: `raw` text in file, row and column, and the rounding that made `value` of it."""

    pointer: str
    raw: str
    value: str
    rounding: str
    file: str
    row: int
    column: str


@dataclass(slots=True)
class View:
    """A row and the rows of other tables that belong to it, looked up when first asked for."""

    table: str
    line: Line
    join: Callable[["View", str, str], Line]
    document: str = ""
    sequence: int | None = None
    derived: list[Derived] = field(default_factory=list)
    _joined: dict[str, Line] = field(default_factory=dict)

    def line_of(self, table: str, at: str) -> Line:
        """The row itself or the joined row. Raises Invalid IMPORT_JOIN_MISSING, IMPORT_JOIN_AMBIGUOUS."""
        if table == self.table:
            return self.line
        if table not in self._joined:
            self._joined[table] = self.join(self, table, at)
        return self._joined[table]

    def text(self, ref: Ref, at: str) -> str:
        """The trimmed text of a cell. Raises Invalid IMPORT_TEXT_UNREADABLE where bytes did not fit the encoding."""
        text = self.line_of(ref.table, at).cell(ref.column)
        if _UNREADABLE in text:
            raise Invalid("IMPORT_TEXT_UNREADABLE", f"{ref.column} holds bytes outside the file's encoding", at)
        return text

    def special(self, name: str) -> str:
        """The text of a special value."""
        if name == DOCUMENT:
            return self.document
        return str(self.line.number) if name == ROW else str(self.sequence or "")


class Form(Protocol):
    """What a mapping says about one value."""

    def read(self, view: View, at: str) -> Any:
        """The value, or None where the field is left out. Raises Invalid with `at` as where."""
        ...


@dataclass(frozen=True, slots=True)
class Absence:
    """What an empty cell means: a reject, unless a default stands in or the field may be left out."""

    default: str | None = None
    optional: bool = False

    def read(self, what: str, at: str) -> str | None:
        """The default, or None to leave the field out. Raises Invalid IMPORT_FIELD_MISSING."""
        if self.default is None and not self.optional:
            raise Invalid("IMPORT_FIELD_MISSING", f"{what} is empty", at)
        return self.default


MANDATORY: Final = Absence()


@dataclass(frozen=True, slots=True)
class Const:
    """The same text or truth value for every row."""

    value: str | bool

    def read(self, view: View, at: str) -> str | bool:  # noqa: ARG002
        """The constant."""
        return self.value


@dataclass(frozen=True, slots=True)
class ValueMap:
    """A closed list of replacements; what is not in it is a reject, `otherwise`, or (`keep`) itself."""

    entries: Mapping[str, str]
    otherwise: str | None = None
    keep: bool = False

    def replace(self, text: str, at: str) -> str:
        """The replacement. Raises Invalid IMPORT_VALUE_UNMAPPED."""
        found = self.entries.get(text, text if self.keep else self.otherwise)
        if found is None:
            raise Invalid("IMPORT_VALUE_UNMAPPED", f"{text!r} is not in the mapping's list of values", at)
        return found


@dataclass(frozen=True, slots=True)
class Text:
    """Cells and fixed text in a row: a column is a template of one part. One empty cell makes the whole text absent."""

    parts: tuple[str | Ref | Special, ...]
    absence: Absence = MANDATORY
    values: ValueMap | None = None

    def read(self, view: View, at: str) -> str | None:
        """The text, replaced by its value map where one is named."""
        pieces: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            piece = view.text(part, at) if isinstance(part, Ref) else view.special(part.name)
            if not piece:
                return self.absence.read(part.column if isinstance(part, Ref) else part.name, at)
            pieces.append(piece)
        text = "".join(pieces)
        return text if self.values is None else self.values.replace(text, at)


@dataclass(frozen=True, slots=True)
class Group:
    """A JSON object, field by field."""

    fields: tuple[tuple[str, Form], ...]

    def read(self, view: View, at: str) -> dict[str, Any]:
        """The object without the fields that are left out."""
        values = {name: form.read(view, f"{at}/{name}") for name, form in self.fields}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Listing:
    """A JSON list of as many members as the mapping writes down."""

    members: tuple[Form, ...]

    def read(self, view: View, at: str) -> list[Any]:
        """The members in the mapping's order."""
        return [member.read(view, f"{at}/{index}") for index, member in enumerate(self.members)]
