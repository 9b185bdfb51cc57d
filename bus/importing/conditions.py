"""Conditions over the cells of a row. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from bus.importing.values import Ref, View

TESTS: Final[dict[str, Callable[[str, str], bool]]] = {
    "equals": lambda text, word: text == word,
    "prefix": lambda text, word: text.startswith(word),
    "suffix": lambda text, word: text.endswith(word),
    "contains": lambda text, word: word in text,
    "matches": lambda text, pattern: re.fullmatch(pattern, text) is not None,
}


class Condition(Protocol):
    """True or false of a row."""

    def holds(self, view: View) -> bool:
        """Whether the row fulfils it. Raises Invalid where a cell cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """Every row."""

    def holds(self, view: View) -> bool:  # noqa: ARG002
        """True."""
        return True


@dataclass(frozen=True, slots=True)
class Cell:
    """One test of a cell against words: true where any word passes. `fold` compares without regard to case."""

    ref: Ref
    test: str
    words: tuple[str, ...]
    fold: bool = False

    def holds(self, view: View) -> bool:
        """Whether the cell's trimmed text passes."""
        text = view.text(self.ref, "")
        test = TESTS[self.test]
        return any(test(text.casefold() if self.fold else text, word) for word in self.words)


@dataclass(frozen=True, slots=True)
class Empty:
    """Whether a cell holds nothing but white space."""

    ref: Ref
    wanted: bool

    def holds(self, view: View) -> bool:
        """True where the cell's emptiness is as wanted."""
        return (not view.text(self.ref, "")) is self.wanted


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every member holds."""

    members: tuple[Condition, ...]

    def holds(self, view: View) -> bool:
        """Whether all hold; later members are not read once one fails."""
        return all(member.holds(view) for member in self.members)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one member holds."""

    members: tuple[Condition, ...]

    def holds(self, view: View) -> bool:
        """Whether any holds."""
        return any(member.holds(view) for member in self.members)


@dataclass(frozen=True, slots=True)
class Not:
    """The member does not hold."""

    member: Condition

    def holds(self, view: View) -> bool:
        """The opposite of the member."""
        return not self.member.holds(view)
