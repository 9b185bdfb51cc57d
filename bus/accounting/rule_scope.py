"""The names a rule's expressions may use, and how its nodes become expressions."""

import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from rule_engine import DataType

from bus.accounting.expression import BOOLEAN, Expression, ExpressionError, Scope, compile_expression
from bus.accounting.findings import Findings, Place, nearest
from bus.accounting.functions import FUNCTION_TYPES
from bus.accounting.lexicon import LexError, names_in, tokens_of
from bus.accounting.rule import Each
from bus.accounting.template import Template, compile_template, literal_template
from bus.accounting.yaml_text import Fields, Node, Scalar

_EACH: Final = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:,\s*([A-Za-z_]\w*)\s*)?\bin\b\s*", re.ASCII)


def event_scope(data_type: Any) -> Scope:
    """The document and the functions."""
    return Scope({**FUNCTION_TYPES, "doc": data_type})


def required_type(name: str, dimensions: Iterable[str], lines: Iterable[str]) -> Any:
    """A required entry: its `document`, `dims.<dimension>`, `lines.<line id>.amount` and `.base`."""
    line = _object(f"{name}.line", {"amount": DataType.FLOAT, "base": DataType.FLOAT})
    parts = {
        "document": DataType.STRING,
        "dims": _object(f"{name}.dims", dict.fromkeys(dimensions, DataType.STRING)),
        "lines": _object(f"{name}.lines", dict.fromkeys(lines, line)),
    }
    return _object(name, parts)


def _object(name: str, attributes: dict[str, Any]) -> Any:
    return DataType.OBJECT(name, attributes, operator.getitem)


@dataclass(frozen=True, slots=True)
class Compiler:
    """Turns nodes into expressions and texts; what is wrong becomes a finding at its column."""

    findings: Findings

    def expression(self, node: Node | None, scope: Scope, *expected: Any) -> Expression | None:
        """The expression a scalar holds, of one of the expected types."""
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.findings.add(node.place, "an expression must be one text", "write it on one line, in quotes if needed")
            return None
        if node.plain and node.kind == "float":
            self.findings.add(node.place, f"{node.value} is a float", f'write "{node.value}"')
            return None
        return self._compiled(node.value, node.inner, scope, *expected)

    def condition(self, node: Node | None, scope: Scope) -> Expression | None:
        """An expression that is true or false."""
        return self.expression(node, scope, BOOLEAN)

    def template(self, text: str, place: Place, scope: Scope) -> Template:
        """A text with fields in braces."""
        try:
            return compile_template(text, scope)
        except ExpressionError as error:
            self.findings.add(place.shifted(error.column), error.what, error.remedy)
            return literal_template(text)

    def each(self, node: Node | None, scope: Scope) -> tuple[Each | None, Scope]:
        """What `for_each` repeats over, and the scope inside it."""
        if node is None:
            return None, scope
        match = _EACH.match(node.value) if isinstance(node, Scalar) else None
        if match is None or not isinstance(node, Scalar):
            self.findings.add(node.place, "for_each is not understood", "write for_each: item, n in doc.rows")
            return None, scope
        members = self._compiled(node.value[match.end() :], node.inner.shifted(match.end()), scope)
        if members is None:
            return None, scope
        if not DataType.is_type(members.type, DataType.ARRAY):
            self.findings.add(node.place, f"{members.text} is not a list", "repeat over a list such as doc.rows")
            return None, scope
        names = {match[1]: members.type.value_type}
        if match[2]:
            names[match[2]] = DataType.FLOAT
        for name in names.keys() & scope.types.keys():
            self.findings.add(node.place, f"for_each {name} hides another name", "choose another name")
        return Each(match[1], match[2], members), scope.extended(names)

    def let(self, fields: Fields | None, scope: Scope) -> tuple[tuple[tuple[str, Expression], ...], Scope]:
        """Named expressions in the order they can be computed, and the scope with their names."""
        pending = dict(fields.entries) if fields else {}
        done: list[tuple[str, Expression]] = []
        while pending:
            ready = [name for name, node in pending.items() if not _names(node) & pending.keys()]
            if not ready:
                name, node = next(iter(pending.items()))
                self.findings.add(node.place, f"let {name} depends on itself", "break the circle")
                break
            for name in ready:
                node = pending.pop(name)
                if name in scope.types:
                    self.findings.add(node.place, f"let {name} hides another name", "choose another name")
                compiled = self.expression(node, scope)
                if compiled is not None:
                    done.append((name, compiled))
            scope = scope.extended({name: compiled.type for name, compiled in done})
        return tuple(done), scope

    def known(self, name: str, place: Place, names: Iterable[str], what: str) -> bool:
        """Whether a name is one of `names`; a finding when not."""
        known = frozenset(names)
        if name in known:
            return True
        self.findings.add(place, f"{what} {name} is not known", nearest(name, known))
        return False

    def _compiled(self, text: str, place: Place, scope: Scope, *expected: Any) -> Expression | None:
        try:
            return compile_expression(text, scope, *expected)
        except ExpressionError as error:
            self.findings.add(place.shifted(error.column), error.what, error.remedy)
            return None


def _names(node: Node) -> frozenset[str]:
    try:
        return frozenset(token.value for token in names_in(tokens_of(node.value if isinstance(node, Scalar) else "")))
    except LexError:
        return frozenset()
