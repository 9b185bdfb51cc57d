"""YAML as finance people write it, with positions and without its traps.

Plain YAML turns 6602.10 into 6602.1, 001 into 1 and no into False. Here a scalar stays the text that was written;
one that YAML would take for a number, a boolean or nothing is accepted only where that very thing is asked for.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import yaml

from bus.accounting.findings import Findings, Place, nearest

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
_TEXT_KINDS: Final = frozenset({"str", "timestamp"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """A written value. `kind` is what YAML takes it for: str, int, float, bool, null, timestamp."""

    place: Place
    value: str
    kind: str
    plain: bool

    @property
    def inner(self) -> Place:
        """Where the text itself begins, behind an opening quote."""
        return self.place if self.plain else self.place.shifted(1)


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    place: Place
    values: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping with text keys."""

    place: Place
    entries: dict[str, "Node"]
    keys: dict[str, Place]


Node = Scalar | Items | Fields


def read_documents(file: str, text: str, findings: Findings) -> Iterator[Fields]:
    """Every YAML document of a text that is a mapping; what cannot be read becomes a finding."""
    try:
        for root in yaml.compose_all(text, Loader=_LOADER):
            node = _node(file, root, findings, set())
            if isinstance(node, Fields):
                yield node
            elif node is not None:
                findings.add(node.place, "a document must be a mapping", "begin it with a key such as rule:")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        findings.add(place, f"not YAML ({error.problem})", "correct the indentation, brackets or quotes here")
    except (yaml.YAMLError, RecursionError) as error:
        findings.add(
            Place(file, 1, 1), f"not YAML ({type(error).__name__})", "write plain UTF-8 YAML, not deeply nested"
        )


def _node(file: str, node: yaml.Node, findings: Findings, seen: set[int]) -> Node | None:
    place = Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.ScalarNode):
        return Scalar(place, node.value, node.tag.removeprefix(_TAG), not node.style)
    if id(node) in seen:
        findings.add(place, "an alias repeats a list or mapping", "write it out")
        return None
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        values = (_node(file, item, findings, seen) for item in node.value)
        return Items(place, tuple(value for value in values if value is not None))
    return _fields(file, place, node, findings, seen)


def _fields(file: str, place: Place, node: yaml.Node, findings: Findings, seen: set[int]) -> Fields:
    entries: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    for key_node, value_node in node.value:
        key = _node(file, key_node, findings, seen)
        value = _node(file, value_node, findings, seen)
        if not isinstance(key, Scalar) or key.kind not in _TEXT_KINDS:
            written = key.value if isinstance(key, Scalar) else "a list"
            at = key.place if key else place
            findings.add(at, f"key {written} is not text", f'write it in quotes: "{written}"')
        elif key.value in entries:
            findings.add(key.place, f"key {key.value} is written twice", "keep one of them")
        elif value is not None:
            entries[key.value] = value
            keys[key.value] = key.place
    return Fields(place, entries, keys)


@dataclass(frozen=True, slots=True)
class Reader:
    """Takes typed values out of nodes. A missing or wrong one is noted in `findings`, and a harmless value returned."""

    findings: Findings

    def known(self, fields: Fields, names: Collection[str]) -> None:
        """Note every key that is none of `names`."""
        for key, place in fields.keys.items():
            if key not in names:
                self.findings.add(place, f"unknown key {key}", nearest(key, names))

    def require(self, fields: Fields, key: str) -> Node | None:
        """The node under a key that must be there."""
        node = fields.entries.get(key)
        if node is None:
            self.findings.add(fields.place, f"{key} is missing", f"add {key}:")
        return node

    def text_of(self, node: Node | None, what: str) -> str:
        """A text; a plain number or boolean is refused, because YAML would not keep it as written."""
        if isinstance(node, Scalar) and (node.kind in _TEXT_KINDS or not node.plain):
            return node.value
        if isinstance(node, Scalar):
            self.findings.add(node.place, f"{what} {node.value} would be read as {node.kind}", f'write "{node.value}"')
        elif node is not None:
            self.findings.add(node.place, f"{what} must be a text", "write one value here")
        return ""

    def text(self, fields: Fields, key: str, default: str | None = None) -> str:
        """The text under a key; required unless a default is given."""
        if default is not None and key not in fields.entries:
            return default
        return self.text_of(self.require(fields, key), key)

    def choice(self, fields: Fields, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """A text that is one of `allowed`."""
        value = self.text(fields, key, default)
        if value and value not in allowed:
            self.findings.add(fields.entries[key].place, f"{key} {value} is not known", nearest(value, allowed))
        return value

    def whole(self, fields: Fields, key: str) -> int:
        """A whole number above zero."""
        node = self.require(fields, key)
        if isinstance(node, Scalar) and node.value.isascii() and node.value.isdecimal() and int(node.value) > 0:
            return int(node.value)
        if node is not None:
            self.findings.add(node.place, f"{key} must be a whole number from 1", f"write {key}: 1")
        return 0

    def flag(self, fields: Fields, key: str, *, default: bool) -> bool:
        """true or false."""
        node = fields.entries.get(key)
        if node is None:
            return default
        if isinstance(node, Scalar) and node.plain and node.value in ("true", "false"):
            return node.value == "true"
        self.findings.add(node.place, f"{key} must be true or false", "write true or false without quotes")
        return default

    def day(self, fields: Fields, key: str, *, required: bool) -> date | None:
        """A date as YYYY-MM-DD."""
        node = self.require(fields, key) if required else fields.entries.get(key)
        if node is None:
            return None
        try:
            return date.fromisoformat(node.value if isinstance(node, Scalar) else "")
        except ValueError:
            self.findings.add(node.place, f"{key} is not a date", "write YYYY-MM-DD")
            return None

    def list_of(self, fields: Fields, key: str, *, required: bool = False) -> tuple[Node, ...]:
        """The members of a list; none when the key is absent and not required."""
        node = self.require(fields, key) if required else fields.entries.get(key)
        if isinstance(node, Items):
            return node.values
        if node is not None:
            self.findings.add(node.place, f"{key} must be a list", f"write {key}: [ … ]")
        return ()

    def mapping(self, node: Node | None, what: str) -> Fields | None:
        """A mapping, or None with a finding."""
        if isinstance(node, Fields):
            return node
        if node is not None:
            self.findings.add(node.place, f"{what} must be a mapping", "write { key: value }")
        return None
