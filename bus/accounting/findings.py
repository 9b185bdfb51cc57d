"""What is wrong with a file that a finance person wrote: where, what, and what to do, all of it at once."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from bus.errors import Invalid


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a text: `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def shifted(self, columns: int) -> "Place":
        """The place so many columns to the right."""
        return Place(self.file, self.line, self.column + columns)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong at a place, and what to do about it."""

    place: Place
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}: {self.remedy}"


class RulesInvalid(Invalid):
    """Rules, charts, maps or companies that cannot be used. `findings` has every defect, the message one a line."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        where = str(self.findings[0].place)
        super().__init__("RULES_INVALID", "\n".join(str(finding) for finding in self.findings), where)


@dataclass(slots=True)
class Findings:
    """Collects defects while reading goes on; `raise_any` ends the reading."""

    found: list[Finding] = field(default_factory=list)

    def add(self, place: Place, what: str, remedy: str) -> None:
        """Note one defect."""
        self.found.append(Finding(place, what, remedy))

    def raise_any(self) -> None:
        """Raise RulesInvalid with all defects, by file and line, if there are any."""
        if self.found:
            raise RulesInvalid(sorted(self.found, key=lambda f: (f.place.file, f.place.line, f.place.column)))


def nearest(word: str, known: Iterable[str]) -> str:
    """A remedy that names the most alike known word, or all of them when none is alike."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"did you mean {close[0]}?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"use one of: {shown}" if names else "remove it"
