"""What an expression may be written with. Everything else is refused before the parser sees it.

The parser folds literals while it parses, so a huge shift or a hostile pattern would run at load; and it overflows the
stack on very long chains. Length, number of tokens and depth are therefore bounded here.
"""

import re
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 500
MAX_TOKENS: Final = 100
MAX_DEPTH: Final = 20
RESERVED: Final = frozenset({"and", "or", "not", "in", "for", "if", "true", "false", "null"})
_REFUSED_WORDS: Final = frozenset({"inf", "nan", "elif", "else", "while"})
_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<number>[0-9]+(\.[0-9]+)?(?![0-9A-Za-z_.]))
    |(?P<text>d?("([^"\\\n]|\\["'\\nt])*"|'([^'\\\n]|\\["'\\nt])*'))
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*(?!["'A-Za-z0-9_]))
    |(?P<operator>==|!=|<=|>=|\?\?|[-+*/%<>()\[\],.:?{}])""",
    re.VERBOSE,
)
_ADJACENT: Final = frozenset({"**", "//", "<<", ">>", "=~", "!~"})
_HINTS: Final = {
    "=": "compare with ==", "&": "write and", "|": "write or", "!": "write not", "$": "leave out the $",
    "#": "put remarks in YAML comments", "^": "multiply instead",
}  # fmt: skip


class LexError(ValueError):
    """A refused piece of an expression: `column` counts from 0 in its text."""

    def __init__(self, column: int, what: str, remedy: str) -> None:
        super().__init__(what)
        self.column = column
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression: kind is number, text, word or operator."""

    kind: str
    value: str
    column: int


def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of an expression. Raises LexError for what is not allowed in one."""
    if len(text) > MAX_LENGTH:
        raise LexError(MAX_LENGTH, f"an expression has more than {MAX_LENGTH} characters", "split it with let:")
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at : at + 2] in _ADJACENT:
            raise LexError(at, f"operator {text[at : at + 2]} is not allowed", "use + - * / and comparisons")
        match = _TOKEN.match(text, at)
        if match is None:
            remedy = _HINTS.get(
                text[at], "use field names in ASCII, numbers, quoted texts and + - * / == and or not in"
            )
            raise LexError(at, f"character {text[at]!r} is not allowed here", remedy)
        if match.lastgroup != "space" and match["space"] is None:
            kind = next(name for name in ("number", "text", "word", "operator") if match[name] is not None)
            tokens.append(Token(kind, match[0], at))
        at = match.end()
    _check_bounds(tokens)
    return tuple(tokens)


def _check_bounds(tokens: list[Token]) -> None:
    if not tokens:
        raise LexError(0, "an expression is empty", "write a field, a number or a condition")
    if len(tokens) > MAX_TOKENS:
        raise LexError(
            tokens[MAX_TOKENS].column, f"an expression has more than {MAX_TOKENS} parts", "split it with let:"
        )
    depth = 0
    for token in tokens:
        if token.kind == "word" and token.value in _REFUSED_WORDS:
            raise LexError(token.column, f"word {token.value} is not allowed", "use a field name or a number")
        if token.kind == "operator" and token.value in "([{":
            depth += 1
        elif token.kind == "operator" and token.value in ")]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise LexError(token.column, f"brackets are nested deeper than {MAX_DEPTH}", "split it with let:")


def names_in(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Words that name something: not attributes behind a dot, not reserved."""
    return tuple(
        token
        for index, token in enumerate(tokens)
        if token.kind == "word" and token.value not in RESERVED and (index == 0 or tokens[index - 1].value != ".")
    )
