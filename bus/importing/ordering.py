"""Rows in the order in which their events follow each other."""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

import orjson

from bus.errors import Invalid
from bus.importing.amounts import Notation
from bus.importing.plan import Mapping, OrderKey
from bus.importing.scratch import Scratch
from bus.importing.tables import Malformed, TableFile
from bus.importing.values import Line, View

_PLAIN_NUMBER = Notation(exponent=True)


def ordered_rows(
    mapping: Mapping, file: TableFile, scratch: Scratch, seen: Callable[[int], None]
) -> Iterator[Line | Malformed]:
    """The row input's lines as the mapping orders them; `seen` is told how many have been read for sorting.

    A row without a readable order key comes last, as Malformed: where it belongs is not known.
    """
    order = mapping.order
    if not order.sorts:
        return file.lines()
    rows = _keyed(mapping.rows, order.keys, file, seen)
    found = scratch.sort(len(order.keys) + 1, rows, backwards=order.reversed_file)
    positions = {name: index for index, name in enumerate(file.header)}
    return (_unpacked(number, rest, positions) for number, rest in found)


def _keyed(
    table: str, keys: tuple[OrderKey, ...], file: TableFile, seen: Callable[[int], None]
) -> Iterator[tuple[Any, ...]]:
    for count, line in enumerate(file.lines(), 1):
        seen(count)
        if isinstance(line, Malformed):
            yield 1, *(None for _ in keys), line.number, _packed(line)
            continue
        view = View(table, line, _no_join)
        try:
            sorted_by = [_sort_value(key, view) for key in keys]
        except Invalid as error:
            bad = Malformed(line.file, line.number, line.cells, f"cannot be put in order: {error.message}")
            yield 1, *(None for _ in keys), line.number, _packed(bad)
            continue
        yield 0, *sorted_by, line.number, _packed(line)


def _sort_value(key: OrderKey, view: View) -> str | int | float:
    if key.moment is not None:
        moment = key.moment.moment(view, key.ref.column)
        if moment is None:
            return ""
        # Fixed width, so that text order is time order.
        placed = moment if moment.tzinfo is None else moment.astimezone(UTC)
        return placed.replace(tzinfo=None).isoformat(timespec="microseconds")
    text = view.text(key.ref, key.ref.column)
    if key.kind == "text":
        return text
    number = _PLAIN_NUMBER.parse(text, key.ref.column)
    # An order key is no amount; whole numbers stay exact beyond 2**53, up to what the database holds.
    return int(number) if number == int(number) and abs(number) < 2**63 else float(number)


def _packed(line: Line | Malformed) -> bytes:
    if isinstance(line, Malformed):
        return orjson.dumps((line.file, line.cells, line.reason))
    return orjson.dumps((line.file, line.cells, "", line.again, line.sequence, line.rule))


def _unpacked(number: int, rest: bytes, positions: dict[str, int]) -> Line | Malformed:
    file, cells, reason, *more = orjson.loads(rest)
    return Malformed(file, number, cells, reason) if reason else Line(file, number, cells, positions, *more)


def _no_join(_: View, table: str, at: str) -> Line:
    raise Invalid("IMPORT_JOIN_MISSING", f"{table} takes no part in the order", at)
