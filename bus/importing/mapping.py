"""Read and check a mapping file. Pure; the format is described in docs/importing.md."""

import codecs
import hashlib
from collections.abc import Mapping as Names
from dataclasses import replace
from typing import Final

from bus.importing.choices import parse_condition
from bus.importing.forms import Scope, parse_entries, parse_form, parse_group, parse_moment, parse_template
from bus.importing.moments import Timestamp
from bus.importing.nodes import Node, read_nodes
from bus.importing.plan import Dialect, EventForm, Input, Mapping, Order, OrderKey, Register
from bus.importing.values import Form, Ref, Special, Text

_TOP: Final = (
    "mapping", "source", "company", "inputs", "rows", "document", "id", "time", "activity", "where", "order",
    "every_match", "events", "register", "maps",
)  # fmt: skip
_NEEDED: Final = ("mapping", "company", "inputs", "document", "time", "events")
_INPUT: Final = ("encoding", "delimiter", "quote", "header", "skip_lines", "key", "matches")
_DELIMITERS: Final = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_DEFAULT_ID: Final = (Special("document"), "#", Special("row"))


def load_mapping(file: str, text: str) -> Mapping:
    """The mapping that `text` says; `file` names it in errors. Raises Invalid MAPPING_INVALID at file:line:column."""
    root = read_nodes(file, text)
    names = root.fields(_TOP, _NEEDED)
    tables = _input_nodes(names["inputs"])
    rows = names["rows"].choice(tables) if "rows" in names else next(iter(tables))
    maps = {name: parse_entries(value) for name, _, value in names["maps"].pairs()} if "maps" in names else {}
    scope = Scope(rows, tuple(tables), maps)
    name = _plain_name(names["mapping"])
    company = _said(names["company"], scope)
    mapping = Mapping(
        file=file,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        name=name,
        source=names["source"].text() if "source" in names else f"urn:ledgerbus:import:{name}",
        company=company,
        inputs=(),
        rows=rows,
        document=_document(names["document"], scope),
        activity=parse_form(names["activity"], scope) if "activity" in names else None,
        where=parse_condition(names["where"], scope) if "where" in names else None,
        order=_order(names["order"], scope.of(rows, alone=True)) if "order" in names else Order(),
        every="every_match" in names and names["every_match"].flag(),
        events=_events(names, scope),
        register=_register(names["register"], names["company"], scope) if "register" in names else None,
    )
    inputs = tuple(_input(one, fields, rows, scope) for one, fields in tables.items())
    # Which columns are read is known only once every part has been.
    return replace(mapping, inputs=tuple(replace(one, columns=scope.columns.get(one.name, {})) for one in inputs))


def _plain_name(node: Node) -> str:
    # The name becomes a folder.
    text = node.text()
    if not text.isascii() or not text.replace("-", "").replace("_", "").replace(".", "").isalnum() or text[0] == ".":
        node.fail("a mapping's name has ASCII letters, digits, '-', '_' and '.' only")
    return text


def _said(node: Node, scope: Scope) -> Form:
    return Text((node.text(),)) if node.is_text() else parse_form(node, scope)


def _document(node: Node, scope: Scope) -> Form:
    names = node.fields(("column", "template"))
    if len(names) != 1:
        node.fail("a document key is one column or one template")
    if "column" in names:
        return Text((scope.column(names["column"]),))
    return Text(parse_template(names["template"], scope, key_known=False))


def _input_nodes(node: Node) -> dict[str, Node]:
    tables = {name: value for name, _, value in node.pairs()}
    for name, key, _ in node.pairs():
        if "." in name or "/" in name:
            key.fail("an input's name has no '.' and no '/'")
    if not tables:
        node.fail("at least one input is needed")
    return tables


def _input(name: str, node: Node, rows: str, scope: Scope) -> Input:
    names = node.fields(_INPUT)
    joined = name != rows
    if joined != ("key" in names):
        node.fail(f"{name!r} needs a 'key' to be found by" if joined else "the row input has no 'key'")
    own, home = scope.of(name), scope.of(rows, alone=True)
    key = tuple(one.text() for one in names["key"].one_or_more()) if joined else ()
    for one in names["key"].one_or_more() if joined else ():
        own.ref(one, f"{name}.{one.text()}")
    matches: tuple[Ref, ...] = ()
    if joined:
        matches = tuple(home.column(one) for one in names.get("matches", names["key"]).one_or_more())
        if len(matches) != len(key):
            names["matches"].fail(f"as many columns as in 'key' are needed: {len(key)}")
    return Input(name, _dialect(names), key, matches, {})


def _dialect(names: Names[str, Node]) -> Dialect:
    default = Dialect()
    return Dialect(
        encoding=_encoding(names["encoding"]) if "encoding" in names else default.encoding,
        delimiter=_delimiter(names["delimiter"]) if "delimiter" in names else default.delimiter,
        quote=names["quote"].choice(('"', "'", "none")).replace("none", "") if "quote" in names else default.quote,
        header=tuple(one.text() for one in names["header"].items()) if "header" in names else (),
        skip_lines=names["skip_lines"].whole() if "skip_lines" in names else 0,
    )


def _encoding(node: Node) -> str:
    try:
        found = codecs.lookup(node.text()).name
        "".encode(found)
    except LookupError:
        node.fail(f"{node.text()!r} is not a text encoding such as utf-8 or gb18030")
    # A byte order mark is no part of the first column's name.
    return "utf-8-sig" if found == "utf-8" else found


def _delimiter(node: Node) -> str:
    text = node.text()
    mark = _DELIMITERS.get(text, text)
    if len(mark) != 1:
        node.fail(f"one character or one of {', '.join(_DELIMITERS)} is expected here")
    return mark


def _order(node: Node, scope: Scope) -> Order:
    if node.is_text():
        return Order(reversed_file=node.choice(("file", "file_reversed")) == "file_reversed")
    return Order(tuple(_order_key(one, scope) for one in node.items()))


def _order_key(node: Node, scope: Scope) -> OrderKey:
    if node.is_text():
        return OrderKey(scope.column(node), "text")
    names = node.fields(("column", "as", "format", "timezone"), ("column",))
    kind = names["as"].choice(("text", "number", "time")) if "as" in names else "text"
    if kind != "time":
        if names.keys() & {"format", "timezone"}:
            node.fail("'format' and 'timezone' belong to 'as: time'")
        return OrderKey(scope.column(names["column"]), kind)
    return OrderKey(scope.column(names["column"]), kind, parse_moment(node, scope, ("as",)))


def _events(top: Names[str, Node], scope: Scope) -> tuple[EventForm, ...]:
    forms = []
    for node in top["events"].items():
        names = node.fields(("type", "version", "when", "id", "time", "data"), ("type", "when", "data"))
        said = names.get("id", top.get("id"))
        forms.append(
            EventForm(
                type=names["type"].text(),
                version=names["version"].whole() if "version" in names else 1,
                when=parse_condition(names["when"], scope),
                event_id=Text(parse_template(said, scope) if said else _DEFAULT_ID),
                time=Timestamp(parse_moment(names.get("time", top["time"]), scope)),
                data=parse_group(names["data"], scope),
            )
        )
    return tuple(forms)


def _register(node: Node, company: Node, scope: Scope) -> Register:
    names = node.fields(("input", "document", "company"), ("input", "document"))
    table = names["input"].choice(scope.inputs)
    own = scope.of(table, alone=True)
    return Register(table, _document(names["document"], own), _said(names.get("company", company), own))
