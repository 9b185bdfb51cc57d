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
    Expression,
    ExpressionError,
    Scope,
    compile_expression,
)
from bus.accounting.generated import Code
from bus.accounting.translation import Resolve, source_of, text_of

_HOLE: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A checked text: pieces as written, and expressions between them. `render` fills it in and trims it."""

    text: str
    parts: tuple[str | Expression, ...]
    render: Callable[[Env], str]


def template_source(code: Code, parts: tuple[str | Expression, ...], resolve: Resolve) -> str:
    """The Python expression for a text with its fields filled in, trimmed."""
    pieces = [
        repr(part) if isinstance(part, str) else text_of(code, part.type, source_of(code, part.node, resolve))
        for part in parts
    ]
    return f"({' + '.join(pieces)}).strip()" if pieces else "''"


def compile_template(text: str, scope: Scope) -> Template:
    """Check a text and the expressions in its braces. Raises ExpressionError with the column in the text."""
    parts: list[str | Expression] = []
    at = 0
    for match in _HOLE.finditer(text):
        parts.append(_literal(text, at, match.start()))
        try:
            parts.append(compile_expression(match[1], scope, TEXT, NUMBER, DATE, BOOLEAN))
        except ExpressionError as error:
            raise ExpressionError(match.start(1) + error.column, error.what, error.remedy) from error
        at = match.end()
    parts.append(_literal(text, at, len(text)))
    return _template(text, tuple(part for part in parts if part != ""))


def literal_template(text: str) -> Template:
    """A text without fields."""
    return _template(text, (text,))


def _template(text: str, parts: tuple[str | Expression, ...]) -> Template:
    code = Code()
    source = template_source(code, parts, lambda name: f"env[{name!r}]")
    return Template(text, parts, code.function(text, "env", [f"return {source}"]))


def _literal(text: str, start: int, end: int) -> str:
    piece = text[start:end]
    for column, character in enumerate(piece):
        if character in "{}":
            raise ExpressionError(start + column, f"a lone {character}", "write fields as {doc.field}")
    return piece
