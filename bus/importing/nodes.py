"""YAML as nodes that know their place in the file, so that every complaint reads file:line:column.

Plain scalars are text: YAML's own readings (6602.10 -> 6602.1, no -> False, 001 -> 1) would change what a person wrote.
Only an unquoted true or false is a truth value, and only where one is asked for.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

import yaml

from bus.errors import Invalid

_MAX_DEPTH = 30


class Node:
    """One node of a mapping file. Every reader raises Invalid MAPPING_INVALID at file:line:column."""

    __slots__ = ("_depth", "_file", "_node")

    def __init__(self, file: str, node: yaml.Node, depth: int = 0) -> None:
        self._file, self._node, self._depth = file, node, depth
        # An alias may point at its own parent; without a floor such a file would never end.
        if depth > _MAX_DEPTH:
            self.fail("nested too deeply")

    @property
    def where(self) -> str:
        """file:line:column, both counted from 1."""
        return f"{self._file}:{self._node.start_mark.line + 1}:{self._node.start_mark.column + 1}"

    def fail(self, message: str) -> NoReturn:
        """Refuse the file at this node."""
        raise Invalid("MAPPING_INVALID", message, self.where)

    def is_text(self) -> bool:
        """Whether the node is a scalar."""
        return isinstance(self._node, yaml.ScalarNode)

    def is_list(self) -> bool:
        """Whether the node is a list."""
        return isinstance(self._node, yaml.SequenceNode)

    def text(self) -> str:
        """The scalar as it is written, quotes taken off; not empty."""
        text = self.text_or_empty()
        return text if text else self.fail("a text is missing here")

    def text_or_empty(self) -> str:
        """The scalar as it is written, quotes taken off."""
        return str(self._node.value) if self.is_text() else self.fail("a text is expected here")

    def truth(self) -> bool | None:
        """True or False for an unquoted true or false, None for any other scalar."""
        plain = self.is_text() and not getattr(self._node, "style", None)
        return {"true": True, "false": False}.get(self._node.value) if plain else None

    def flag(self) -> bool:
        """An unquoted true or false."""
        truth = self.truth()
        return self.fail("true or false is expected here") if truth is None else truth

    def whole(self) -> int:
        """A whole number >= 0 in ASCII digits."""
        text = self.text()
        return int(text) if text.isascii() and text.isdecimal() else self.fail(f"{text!r} is not a whole number")

    def choice(self, known: Iterable[str]) -> str:
        """One of the known words."""
        text, words = self.text(), list(known)
        return text if text in words else self.fail(f"{text!r} is not known here{_nearest(text, words)}")

    def items(self) -> list["Node"]:
        """The members of a list that is not empty."""
        if not isinstance(self._node, yaml.SequenceNode) or not self._node.value:
            self.fail("a list with at least one member is expected here")
        return [Node(self._file, child, self._depth + 1) for child in self._node.value]

    def one_or_more(self) -> list["Node"]:
        """A scalar alone, or the members of a list."""
        return [self] if self.is_text() else self.items()

    def pairs(self) -> list[tuple[str, "Node", "Node"]]:
        """Name, its node and the value's node of every pair, in file order; a repeated name is refused."""
        if not isinstance(self._node, yaml.MappingNode):
            self.fail("a mapping (name: value) is expected here")
        found: dict[str, tuple[str, Node, Node]] = {}
        for key, value in self._node.value:
            name = Node(self._file, key, self._depth + 1)
            text = name.text()
            if text in found:
                name.fail(f"{text!r} stands here twice")
            found[text] = (text, name, Node(self._file, value, self._depth + 1))
        return list(found.values())

    def fields(self, known: Iterable[str], needed: Iterable[str] = ()) -> dict[str, "Node"]:
        """Values by name; an unknown name is refused with the nearest known one, a needed one that is absent too."""
        words = list(known)
        pairs = self.pairs()
        for text, name, _ in pairs:
            if text not in words:
                name.fail(f"{text!r} is not known here{_nearest(text, words)}")
        values = {text: value for text, _, value in pairs}
        for text in needed:
            if text not in values:
                self.fail(f"{text!r} is missing here")
        return values


def read_nodes(file: str, text: str) -> Node:
    """The root node of a YAML text with one document. Raises Invalid MAPPING_INVALID at file:line:column."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise Invalid("MAPPING_INVALID", f"not YAML: {error.problem or error.context}", at) from error
    except yaml.YAMLError as error:
        raise Invalid("MAPPING_INVALID", f"not YAML: {error}", file) from error
    if root is None:
        raise Invalid("MAPPING_INVALID", "the file is empty", f"{file}:1:1")
    return Node(file, root)


def _nearest(text: str, known: list[str]) -> str:
    close = get_close_matches(text, known, 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}"
