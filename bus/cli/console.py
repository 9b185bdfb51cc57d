"""What a person sees: tables and lines in English or Chinese on stderr, results on stdout, JSON on request."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bus.catalogue import CATALOGUE
from bus.errors import BusError


class Terminal:
    """Writes for people in one language; with `as_json` people read on stderr and programs on stdout."""

    def __init__(self, language: str, *, as_json: bool = False) -> None:
        self.language = language
        self.as_json = as_json
        self.out = Console(stderr=as_json, highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False)

    def say(self, english: str, chinese: str) -> None:
        """One line in the reader's language."""
        self.out.print(chinese if self.language == "zh" else english, markup=False)

    def heading(self, english: str, chinese: str) -> None:
        """A heading with a line of space before it."""
        self.out.print()
        self.out.print(chinese if self.language == "zh" else english, style="bold", markup=False)

    def pick(self, english: str, chinese: str) -> str:
        """The text in the reader's language."""
        return chinese if self.language == "zh" else english

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[int] = ()) -> None:
        """A table; `right` are the columns that are aligned to the right."""
        drawn = Table(box=None, pad_edge=False, header_style="dim")
        for place, column in enumerate(columns):
            drawn.add_column(column, justify="right" if place in right else "left", overflow="fold")
        for row in rows:
            drawn.add_row(*("" if cell is None else str(cell) for cell in row))
        self.out.print(drawn, markup=False)

    def result(self, value: Any) -> None:
        """One JSON object as the last line of stdout."""
        print(json.dumps(value, ensure_ascii=False), flush=True)

    def failure(self, error: BusError) -> None:
        """An error with its code, where it is, and what to do; never a traceback."""
        words = CATALOGUE.get(error.code)
        title = "" if words is None else (words.zh if self.language == "zh" else words.en)
        remedy = "" if words is None else (words.remedy_zh if self.language == "zh" else words.remedy_en)
        if self.as_json:
            said = {
                "code": error.code,
                "title": title,
                "message": error.message,
                "where": error.where,
                "remedy": remedy,
            }
            self.result({"error": said})
        self.err.print(f"{error.code}: {title}", style="bold red", markup=False)
        place = f"{error.where}: " if error.where else ""
        self.err.print(f"  {place}{error.message}", markup=False)
        if remedy:
            self.err.print(f"  {remedy}", markup=False)


def is_interactive() -> bool:
    """Whether a person watches stderr."""
    return sys.stderr.isatty()
