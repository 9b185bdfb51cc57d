"""Nodes of a mapping file -> forms of values and conditions. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bus.errors import Invalid
from bus.importing.amounts import EXACT, ROUNDINGS, Integer, Notation, Number
from bus.importing.moments import EPOCH_UNITS, ISO, LocalDate, Moment, Timestamp
from bus.importing.nodes import Node
from bus.importing.values import (
    DOCUMENT,
    ROW,
    SEQUENCE,
    Absence,
    Const,
    Form,
    Group,
    Listing,
    Ref,
    Special,
    Text,
    ValueMap,
)
from bus.money import minor_digits

_ABSENCE: Final = ("default", "optional")
_MAPPED: Final = ("map", "otherwise", "keep_unmapped")
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(slots=True)
class Scope:
    """What names mean while a mapping is read: its inputs, the input that a bare column belongs to (`home`), its named
    value maps. Collects in `columns` every column asked for, with the place that first asks."""

    home: str
    inputs: tuple[str, ...]
    maps: Mapping[str, Mapping[str, str]]
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    alone: bool = False

    def ref(self, node: Node, text: str) -> Ref:
        """ "column" of the home input, or "input.column"."""
        table, dot, column = text.partition(".")
        found = Ref(table, column) if dot and table in self.inputs else Ref(self.home, text)
        if not found.column:
            node.fail("a column name is missing here")
        if self.alone and found.table != self.home:
            node.fail(f"only columns of {self.home!r} can be read here")
        self.columns.setdefault(found.table, {}).setdefault(found.column, node.where)
        return found

    def column(self, node: Node) -> Ref:
        """The column that a scalar node names."""
        return self.ref(node, node.text())

    def of(self, home: str, *, alone: bool = False) -> "Scope":
        """The same scope seen from another input; `alone` forbids other inputs' columns."""
        return Scope(home, self.inputs, self.maps, self.columns, alone)


def parse_form(node: Node, scope: Scope) -> Form:
    """A value, named by one of the words in _FORMS, or a list of objects. Raises Invalid MAPPING_INVALID."""
    if node.is_list():
        return Listing(tuple(parse_group(member, scope) for member in node.items()))
    kinds = [name for name, _, _ in node.pairs() if name in _FORMS]
    if len(kinds) != 1:
        node.fields((*_FORMS, *_ABSENCE, *_MAPPED))
        node.fail(f"exactly one of {', '.join(_FORMS)} is needed here, there are {len(kinds)}")
    return _FORMS[kinds[0]](node, scope)


def parse_group(node: Node, scope: Scope) -> Group:
    """An object: field name -> value."""
    return Group(tuple((name, parse_form(value, scope)) for name, _, value in node.pairs()))


def parse_template(node: Node, scope: Scope, *, key_known: bool = True) -> tuple[str | Ref | Special, ...]:
    """ "{document}#{seq}" -> parts. {document}, {row}, {sequence} are the importer's own, other names are columns,
    "{{" and "}}" stand for braces. `key_known` is false where the document key itself is being said."""
    parts: list[str | Ref | Special] = []
    text, end = node.text(), 0
    for found in _BRACES.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        if found[0] in ("{{", "}}"):
            parts.append(found[0][0])
        elif found[1] is None:
            node.fail(f"a single {found[0]!r}; write it twice where it stands for itself")
        elif found[1] == ROW or (key_known and found[1] in (DOCUMENT, SEQUENCE)):
            parts.append(Special(found[1]))
        else:
            parts.append(scope.ref(node, found[1]))
    return tuple(part for part in (*parts, text[end:]) if part != "")


def parse_moment(node: Node, scope: Scope, more: tuple[str, ...] = ()) -> Moment:
    """{column, format?, timezone?, convert_to?, default?, optional?}."""
    names = node.fields(("column", "format", "timezone", "convert_to", *_ABSENCE, *more), ("column",))
    return Moment(
        scope.column(names["column"]),
        tuple(_time_format(one) for one in names["format"].one_or_more()) if "format" in names else (ISO,),
        _zone(names["timezone"]) if "timezone" in names else None,
        _zone(names["convert_to"]) if "convert_to" in names else None,
        _absence(names),
    )


def _parse_text(node: Node, scope: Scope) -> Form:
    names = node.fields(("column", "template", *_MAPPED, *_ABSENCE))
    if "column" in names and "template" not in names:
        return Text((scope.column(names["column"]),), _absence(names), _value_map(node, names, scope))
    return Text(parse_template(names["template"], scope), _absence(names), _value_map(node, names, scope))


def _parse_const(node: Node, _: Scope) -> Form:
    value = node.fields(("const",))["const"]
    truth = value.truth()
    return Const(value.text_or_empty() if truth is None else truth)


def _parse_object(node: Node, scope: Scope) -> Form:
    return parse_group(node.fields(("object",))["object"], scope)


def _parse_date(node: Node, scope: Scope) -> Form:
    return LocalDate(parse_moment(node.fields(("date",))["date"], scope))


def _parse_integer(node: Node, scope: Scope) -> Form:
    names = node.fields(("integer",))["integer"].fields(("column", *_ABSENCE), ("column",))
    return Integer(scope.column(names["column"]), _absence(names))


def _parse_time(node: Node, scope: Scope) -> Form:
    return Timestamp(parse_moment(node.fields(("time",))["time"], scope))


def _parse_number(node: Node, scope: Scope) -> Form:
    inner = node.fields(("number",))["number"]
    notation = ("decimal_mark", "group_mark", "strip", "exponent", "minor_units")
    known = ("column", "currency", "decimals", "round", "negate", *notation, *_ABSENCE)
    names = inner.fields(known, ("column", "round"))
    if ("currency" in names) == ("decimals" in names):
        inner.fail("either 'currency' or 'decimals' says how many digits the amount has")
    decimals = names["decimals"].whole() if "decimals" in names else None
    if decimals is not None and decimals > 6:
        names["decimals"].fail("an amount has at most 6 decimals")
    return Number(
        ref=scope.column(names["column"]),
        notation=_notation(names),
        rounding=names["round"].choice((*ROUNDINGS, EXACT)),
        currency=_currency(names["currency"], scope) if "currency" in names else None,
        decimals=decimals,
        negate="negate" in names and names["negate"].flag(),
        absence=_absence(names),
    )


def _notation(names: Mapping[str, Node]) -> Notation:
    decimal_mark = names["decimal_mark"].choice((".", ",")) if "decimal_mark" in names else "."
    group_mark = names["group_mark"].text() if "group_mark" in names else ""
    if len(group_mark) > 1 or group_mark == decimal_mark:
        names["group_mark"].fail("one character that is not the decimal mark")
    return Notation(
        decimal_mark,
        group_mark,
        names["strip"].text() if "strip" in names else "",
        exponent="exponent" in names and names["exponent"].flag(),
        minor_units="minor_units" in names and names["minor_units"].flag(),
    )


def _currency(node: Node, scope: Scope) -> Form:
    if not node.is_text():
        return parse_form(node, scope)
    try:
        minor_digits(node.text())
    except Invalid as error:
        node.fail(error.message)
    return Const(node.text())


def _absence(names: Mapping[str, Node]) -> Absence:
    default = names["default"].text_or_empty() if "default" in names else None
    return Absence(default, optional="optional" in names and names["optional"].flag())


def _value_map(node: Node, names: Mapping[str, Node], scope: Scope) -> ValueMap | None:
    if "map" not in names:
        if "otherwise" in names or "keep_unmapped" in names:
            node.fail("'otherwise' and 'keep_unmapped' belong to a 'map'")
        return None
    chosen = names["map"]
    entries = scope.maps[chosen.choice(scope.maps)] if chosen.is_text() else parse_entries(chosen)
    otherwise = names["otherwise"].text_or_empty() if "otherwise" in names else None
    return ValueMap(entries, otherwise, keep="keep_unmapped" in names and names["keep_unmapped"].flag())


def parse_entries(node: Node) -> Mapping[str, str]:
    """A value map: text -> text."""
    return {name: value.text_or_empty() for name, _, value in node.pairs()}


def _time_format(node: Node) -> str:
    text = node.text()
    if text == ISO or text in EPOCH_UNITS or "%" in text:
        return text
    return _refuse(node, f"{text!r} is neither iso, {', '.join(EPOCH_UNITS)} nor a pattern such as %d.%m.%Y")


def _zone(node: Node) -> tzinfo:
    try:
        return ZoneInfo(node.text())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _refuse(node, f"{node.text()!r} is not a time zone such as Asia/Shanghai")


def _refuse(node: Node, message: str) -> NoReturn:
    node.fail(message)


_FORMS: Final[dict[str, Callable[[Node, Scope], Form]]] = {
    "column": _parse_text, "template": _parse_text, "const": _parse_const, "object": _parse_object,
    "number": _parse_number, "integer": _parse_integer, "date": _parse_date, "time": _parse_time,
}  # fmt: skip
