"""Message Translator: a row of a log -> the canonical events it stands for, or why it cannot be one."""

from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from typing import Any, Final

from bus.errors import Invalid
from bus.importing.plan import EventForm, Mapping, Register
from bus.importing.rejects import Reject
from bus.importing.scratch import Scratch
from bus.importing.values import Derived, Form, Line, View
from bus.message import SCHEMA_PREFIX, SPEC_VERSION

# Between the parts of a join key; no trimmed cell of a CSV file has any business with it.
_BETWEEN: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class Translated:
    """A structured CloudEvent, the row it comes from, the number of its event form and its amounts' derivations."""

    event: dict[str, Any]
    line: Line
    rule: int
    derived: list[Derived]


@dataclass(slots=True)
class Reading:
    """What one row gave. `ignored` is its activity where no event form matched, None otherwise; `documents` are the
    (company, document) pairs it names where the mapping registers documents from its rows."""

    left_out: bool = False
    ignored: str | None = None
    events: list[Translated] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    documents: list[tuple[str, str]] = field(default_factory=list)


class Translator:
    """Reads rows in the order in which their events follow each other.

    A row that matches an event form takes the next place of its document even if it then is rejected: what follows
    keeps its number when the row is corrected, and the bus waits for it instead of booking around it.
    """

    def __init__(self, mapping: Mapping, scratch: Scratch) -> None:
        """`scratch` holds the joined tables and the places."""
        self._mapping, self._scratch = mapping, scratch
        self._positions: Names[str, dict[str, int]] = {
            one.name: {column: index for index, column in enumerate(one.columns)} for one in mapping.inputs
        }

    def add_joined(self, table: str, line: Line) -> None:
        """Keep what the mapping reads of a joined table's row. Raises Invalid IMPORT_FIELD_MISSING for an empty key."""
        columns = self._positions[table]
        key = [line.cell(column) for column in self._mapping.input_named(table).key]
        if not all(key):
            raise Invalid("IMPORT_FIELD_MISSING", "the key of the row is empty")
        self._scratch.add_joined(
            table, _BETWEEN.join(key), line.file, line.number, [line.cell(column) for column in columns]
        )

    def registered(self, register: Register, line: Line) -> tuple[str, str]:
        """Company and document key of a row of the documents table. Raises Invalid where it names none."""
        view = View(register.table, line, self._join)
        return _named(register.company, view, "/company"), _named(register.document, view, "/subject")

    def read(self, line: Line, *, done: bool = False) -> Reading:
        """Events, rejects and documents of a row; nothing raises. A row that an earlier run has done gives no events,
        but takes the places that they had."""
        reading = Reading()
        view = View(self._mapping.rows, line, self._join)
        matching = self._matching(view, reading)
        if self._mapping.register is None and not reading.left_out:
            self._note_document(view, reading)
        for rule, form in matching:
            placed = self._place(view, rule, reading)
            if placed and not done:
                self._translate(view, rule, form, placed, reading)
        return reading

    def _matching(self, view: View, reading: Reading) -> list[tuple[int, EventForm]]:
        try:
            if self._mapping.where is not None and not self._mapping.where.holds(view):
                reading.left_out = True
                return []
            found = []
            for rule, form in enumerate(self._mapping.events, 1):
                if form.when.holds(view):
                    found.append((rule, form))
                    if not self._mapping.every:
                        break
            if not found:
                reading.ignored = self._activity(view)
        except Invalid as error:
            reading.rejects.append(_refused(view.line, error))
            return []
        if self._mapping.every and view.line.rule is not None:
            return [one for one in found if one[0] == view.line.rule]
        return found

    def _activity(self, view: View) -> str:
        return "" if self._mapping.activity is None else str(self._mapping.activity.read(view, "") or "")

    def _note_document(self, view: View, reading: Reading) -> None:
        try:
            company = _named(self._mapping.company, view, "/company")
            reading.documents.append((company, _named(self._mapping.document, view, "/subject")))
        except Invalid:
            # A row that becomes an event says so by its reject; an ignored one need not name a document.
            return

    def _place(self, view: View, rule: int, reading: Reading) -> str | None:
        try:
            company = _named(self._mapping.company, view, "/company")
            view.document = _named(self._mapping.document, view, "/subject")
        except Invalid as error:
            reading.rejects.append(_refused(view.line, error, rule=rule, sequence=view.line.sequence))
            return None
        again = view.line.again
        view.sequence = view.line.sequence if again else self._scratch.next_place(company, view.document)
        return company

    def _translate(self, view: View, rule: int, form: EventForm, company: str, reading: Reading) -> None:
        view.derived = []
        try:
            event = {
                "specversion": SPEC_VERSION,
                "source": self._mapping.source,
                "id": _named(form.event_id, view, "/id"),
                "type": form.type,
                "subject": view.document,
                "company": company,
                "time": _named(form.time, view, "/time"),
                "datacontenttype": "application/json",
                "dataschema": f"{SCHEMA_PREFIX}{form.type}:v{form.version}",
                "data": form.data.read(view, "/data"),
            }
        except Invalid as error:
            reading.rejects.append(_refused(view.line, error, view.document, view.sequence, rule))
            return
        if view.sequence is not None:
            event["sequence"] = str(view.sequence)
        reading.events.append(Translated(event, view.line, rule, view.derived))

    def _join(self, view: View, table: str, at: str) -> Line:
        one = self._mapping.input_named(table)
        key = _BETWEEN.join(view.text(ref, at) for ref in one.matches)
        found = self._scratch.joined(table, key)
        shown = " ".join(key.split(_BETWEEN))
        if found is None:
            raise Invalid("IMPORT_JOIN_MISSING", f"{table} has no row {shown!r}", at)
        if found.clash:
            raise Invalid("IMPORT_JOIN_AMBIGUOUS", f"{table} has rows {shown!r} that differ", at)
        return Line(found.file, found.number, found.cells, self._positions[table])


def _named(form: Form, view: View, at: str) -> str:
    value = form.read(view, at)
    if not value:
        raise Invalid("IMPORT_FIELD_MISSING", f"{at} is empty", at)
    return str(value)


def _refused(
    line: Line, error: Invalid, document: str = "", sequence: int | None = None, rule: int | None = None
) -> Reject:
    return Reject(line.file, line.number, line.cells, error.code, error.message, error.where, document, sequence, rule)
