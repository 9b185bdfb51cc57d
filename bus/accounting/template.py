"""Texts with fields in braces: "报销 {doc.doc_no} {doc.employee}"."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bus.accounting.expression import (
    BOOLEAN,
    DATE,
    NUMBER,
    TEXT,
    Env,
    ExpressionError,
    Scope,
    as_text,
    compile_expression,
)

_HOLE: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A checked text; `render` fills it in and trims it."""

    text: str
    parts: tuple[str | Callable[[Env], object], ...]

    def render(self, env: Env) -> str:
        """The text with every field filled in."""
        return "".join(part if isinstance(part, str) else as_text(part(env)) for part in self.parts).strip()


def compile_template(text: str, scope: Scope) -> Template:
    """Check a text and the expressions in its braces. Raises ExpressionError with the column in the text."""
    parts: list[str | Callable[[Env], object]] = []
    at = 0
    for match in _HOLE.finditer(text):
        parts.append(_literal(text, at, match.start()))
        try:
            parts.append(compile_expression(match[1], scope, TEXT, NUMBER, DATE, BOOLEAN).evaluate)
        except ExpressionError as error:
            raise ExpressionError(match.start(1) + error.column, error.what, error.remedy) from error
        at = match.end()
    parts.append(_literal(text, at, len(text)))
    return Template(text, tuple(part for part in parts if part != ""))


def _literal(text: str, start: int, end: int) -> str:
    piece = text[start:end]
    for column, character in enumerate(piece):
        if character in "{}":
            raise ExpressionError(start + column, f"a lone {character}", "write fields as {doc.field}")
    return piece
