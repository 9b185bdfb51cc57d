"""Reads the tests inside a rule."""

from typing import Any, Final

from bus.accounting.line_reader import SIDES
from bus.accounting.rule import RuleTest
from bus.accounting.yaml_text import Fields, Items, Node, Reader, Scalar
from bus.message import WITHDRAWN

_KEYS: Final = ("name", "doc", "event", "given", "expect", "expect_exception", "expect_no_entry")
_RED: Final = "red of "
_Line = tuple[str, str, str, dict[str, str]]


def read_tests(reader: Reader, fields: Fields, event: str) -> tuple[RuleTest, ...]:
    """The tests of a rule for an event type."""
    found = []
    for node in reader.list_of(fields, "tests"):
        item = reader.mapping(node, "a test")
        if item is not None:
            found.append(_test(reader, item, event))
    return tuple(found)


def _test(reader: Reader, fields: Fields, event: str) -> RuleTest:
    reader.known(fields, _KEYS)
    lines: dict[str, tuple[_Line, ...]] = {}
    red_of: dict[str, str] = {}
    expected = reader.mapping(fields.entries.get("expect"), "expect")
    for book, node in expected.entries.items() if expected else ():
        if isinstance(node, Scalar) and node.value.startswith(_RED):
            red_of[book] = node.value.removeprefix(_RED).strip()
        elif isinstance(node, Items):
            lines[book] = tuple(_line(reader, line) for line in node.values)
        else:
            reader.findings.add(node.place, "expect is not understood", "write lines, or red of a document")
    doc = fields.entries.get("doc")
    test = RuleTest(
        name=reader.text(fields, "name"),
        place=fields.place,
        doc=None if doc is None else _mapping_value(reader, doc),
        event=reader.choice(fields, "event", (event, WITHDRAWN), event),
        given=tuple(reader.text_of(given, "given") for given in reader.list_of(fields, "given")),
        lines=lines,
        red_of=red_of,
        exception=reader.text(fields, "expect_exception", "") or None,
        no_entry=reader.text(fields, "expect_no_entry", "") or None,
    )
    if not (test.lines or test.red_of or test.exception or test.no_entry):
        remedy = "add expect:, expect_exception: or expect_no_entry:"
        reader.findings.add(fields.place, "a test expects nothing", remedy)
    return test


def _line(reader: Reader, node: Node) -> _Line:
    parts = node.values if isinstance(node, Items) else ()
    if len(parts) not in (3, 4):
        reader.findings.add(node.place, "an expected line is not understood", 'write [debit, "6602.10", "1000.00"]')
        return ("", "", "", {})
    side, account, amount = (reader.text_of(part, "a line's part") for part in parts[:3])
    if side not in SIDES:
        reader.findings.add(parts[0].place, f"{side} is not a side", "write debit or credit")
    dims = reader.mapping(parts[3], "dims") if len(parts) == 4 else None
    found = {name: reader.text_of(value, name) for name, value in dims.entries.items()} if dims else {}
    return (SIDES.get(side, ""), account, amount, found)


def _mapping_value(reader: Reader, node: Node) -> dict[str, Any]:
    fields = reader.mapping(node, "doc")
    return {key: _value(reader, value) for key, value in fields.entries.items()} if fields else {}


def _value(reader: Reader, node: Node) -> Any:
    """The JSON value a test document holds; a float is refused."""
    if isinstance(node, Fields):
        return {key: _value(reader, value) for key, value in node.entries.items()}
    if isinstance(node, Items):
        return [_value(reader, value) for value in node.values]
    if node.plain and node.kind == "bool" and node.value in ("true", "false"):
        return node.value == "true"
    if node.plain and node.kind == "int" and (node.value == "0" or node.value[0] in "123456789"):
        return int(node.value) if node.value.isdecimal() else reader.text_of(node, "a value")
    if node.plain and node.kind == "null":
        return None
    return reader.text_of(node, "a value")
