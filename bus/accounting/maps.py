"""Account maps: tables from keys to accounts, by date. The most specific row wins; no row means no account."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

from bus.accounting.findings import Findings, Place
from bus.accounting.rule import Span
from bus.accounting.rule_reader import read_span
from bus.accounting.yaml_text import Fields, Reader, Scalar

_ROW = ("to", "from", "until", "review_required")


@dataclass(frozen=True, slots=True)
class MapRow:
    """One row: `values` in the order of the map's keys, None where the row holds for any value.

    `explained` is what an explanation says of it: the map's name, the row as {key: value, …, "to": account}, its place.
    """

    values: tuple[str | None, ...]
    to: str
    span: Span
    review_required: bool
    place: Place
    explained: dict[str, Any] = field(compare=False)

    @property
    def mask(self) -> tuple[int, ...]:
        """The places of the keys this row names."""
        return tuple(index for index, value in enumerate(self.values) if value is not None)

    def fits(self, other: "MapRow") -> bool:
        """Whether some key and day fits both rows."""
        same = all(a is None or b is None or a == b for a, b in zip(self.values, other.values, strict=True))
        return same and self.span.overlaps(other.span)


_Rows = dict[tuple[str | None, ...], list[MapRow]]


@dataclass(slots=True)
class AccountMap:
    """A map of a pack. Keys are exact texts; a boolean key is true or false, a number its plain digits."""

    name: str
    keys: tuple[str, ...]
    rows: tuple[MapRow, ...]
    place: Place
    _exact: _Rows = field(default_factory=dict, init=False)
    _wider: dict[tuple[int, ...], _Rows] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Index rows by which keys they name, the most specific first."""
        for row in sorted(self.rows, key=lambda row: -len(row.mask)):
            rows = self._exact if len(row.mask) == len(self.keys) else self._wider.setdefault(row.mask, {})
            rows.setdefault(tuple(row.values[index] for index in row.mask), []).append(row)

    def find(self, values: tuple[str, ...], day: date) -> MapRow | None:
        """The row for these key values, in the order of the map's keys, on a day, or None."""
        for row in self._exact.get(values, ()):
            if row.span.covers(day):
                return row
        for mask, rows in self._wider.items():
            for row in rows.get(tuple([values[index] for index in mask]), ()):
                if row.span.covers(day):
                    return row
        return None

    def nearest(self, values: Sequence[str], count: int = 3) -> list[dict[str, str]]:
        """The rows most like these key values, as {key: value, …, "to": account}."""

        def likeness(row: MapRow) -> float:
            pairs = zip(values, row.values, strict=True)
            return sum(difflib.SequenceMatcher(None, a, b).ratio() if b is not None else 0.5 for a, b in pairs)

        ranked = sorted(self.rows, key=likeness, reverse=True)[:count]
        return [row.explained["row"] for row in ranked]


def read_maps(fields: Fields, reader: Reader) -> list[AccountMap]:
    """The maps under `maps:`; ties and overlaps become findings."""
    reader.known(fields, ("maps",))
    listed = reader.mapping(fields.entries["maps"], "maps")
    found = []
    for name, node in listed.entries.items() if listed else ():
        table = reader.mapping(node, name)
        if table is not None:
            found.append(_map(name, table, reader))
    return found


def _map(name: str, fields: Fields, reader: Reader) -> AccountMap:
    reader.known(fields, ("keys", "rows"))
    keys = tuple(reader.text_of(node, "a key") for node in reader.list_of(fields, "keys", required=True))
    for key in keys:
        if key in _ROW:
            reader.findings.add(fields.place, f"a map cannot have a key called {key}", "choose another name")
    nodes = reader.list_of(fields, "rows", required=True)
    rows = tuple(_row(row, name, keys, reader) for node in nodes if (row := reader.mapping(node, "a row")))
    _check_ties(rows, reader.findings)
    return AccountMap(name, keys, rows, fields.place)


def _row(fields: Fields, name: str, keys: tuple[str, ...], reader: Reader) -> MapRow:
    span = read_span(reader, fields, (*keys, *_ROW))
    values = tuple(_key_value(fields, key, reader) for key in keys)
    to = reader.text(fields, "to")
    review_required = reader.flag(fields, "review_required", default=False)
    shown = {**{key: "*" if value is None else value for key, value in zip(keys, values, strict=True)}, "to": to}
    explained: dict[str, Any] = {"name": name, "row": shown, "place": str(fields.place)}
    if review_required:
        explained["review_required"] = True
    row = MapRow(values, to, span, review_required, fields.place, explained)
    if not row.mask and not row.review_required:
        remedy = "add review_required: true, or name a key"
        reader.findings.add(fields.place, "a row for everything else is a fallback", remedy)
    return row


def _key_value(fields: Fields, key: str, reader: Reader) -> str | None:
    node = fields.entries.get(key)
    if node is None:
        return None
    if isinstance(node, Scalar) and node.plain and node.value in ("true", "false"):
        return node.value
    value = reader.text_of(node, key)
    return None if value == "*" else value


def _check_ties(rows: Sequence[MapRow], findings: Findings) -> None:
    for first, second in combinations(rows, 2):
        if len(first.mask) == len(second.mask) and first.fits(second):
            what = f"this row and the one in line {first.place.line} fit the same key on the same day"
            findings.add(second.place, what, "end one with until:, or name another key")
