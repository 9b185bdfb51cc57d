"""Reads the lines of a rule, for each of its books."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bus.accounting.expression import BOOLEAN, DATE, NUMBER, TEXT, Expression, Scope
from bus.accounting.journal import CREDIT, DEBIT
from bus.accounting.rule import LineSpec, MapLookup
from bus.accounting.rule_scope import Compiler
from bus.accounting.template import Template
from bus.accounting.yaml_text import Fields, Node, Reader, Scalar

_KEYS: Final = ("id", "for_each", "when", "side", "account", "amount", "dims", "text", "override")
_OVERRIDABLE: Final = ("when", "account", "amount")
SIDES: Final = {"debit": DEBIT, "credit": CREDIT, "借": DEBIT, "贷": CREDIT}
REMAINDER: Final = "remainder"
# Stands for an amount with a finding, so that the line is not taken for a remainder as well.
_UNREADABLE: Final = Expression("", NUMBER, None, {}, lambda _env: Decimal(0))


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads lines within a scope; `books` are those the rule posts to."""

    reader: Reader
    compiler: Compiler
    scope: Scope
    books: tuple[str, ...]

    def read(self, nodes: Iterable[Node]) -> dict[str, tuple[LineSpec, ...]]:
        """The lines by book, overrides applied."""
        lines: dict[str, list[LineSpec]] = {book: [] for book in self.books}
        seen: set[str] = set()
        for node in nodes:
            fields = self.reader.mapping(node, "a line")
            if fields is None:
                continue
            self.reader.known(fields, _KEYS)
            name = self.reader.text(fields, "id")
            if name in seen:
                self.reader.findings.add(fields.place, f"line {name} is written twice", "give each line its own id")
            seen.add(name)
            overrides = self._overrides(fields)
            for book in self.books:
                merged = {**fields.entries, **overrides.get(book, {})}
                lines[book].append(self._line(name, Fields(fields.place, merged, fields.keys)))
        return {book: tuple(specs) for book, specs in lines.items()}

    def _overrides(self, fields: Fields) -> dict[str, dict[str, Node]]:
        found: dict[str, dict[str, Node]] = {}
        listed = self.reader.mapping(fields.entries.get("override"), "override")
        for book, node in listed.entries.items() if listed else ():
            changed = self.reader.mapping(node, book)
            if changed is not None and self.compiler.known(book, node.place, self.books, "book"):
                self.reader.known(changed, _OVERRIDABLE)
                found[book] = changed.entries
        return found

    def _line(self, name: str, fields: Fields) -> LineSpec:
        each, scope = self.compiler.each(fields.entries.get("for_each"), self.scope)
        side = self.reader.choice(fields, "side", SIDES)
        account_node = self.reader.require(fields, "account")
        return LineSpec(
            id=name,
            side=SIDES.get(side, DEBIT),
            account=self._account(account_node, scope),
            amount=self._amount(fields, scope),
            each=each,
            when=self.compiler.condition(fields.entries.get("when"), scope),
            dims=self._dims(fields, scope),
            text=self._text(fields, scope),
            place=fields.place,
            account_place=account_node.place if account_node is not None else fields.place,
        )

    def _amount(self, fields: Fields, scope: Scope) -> Expression | None:
        node = self.reader.require(fields, "amount")
        if isinstance(node, Scalar) and node.value.strip() == REMAINDER:
            return None
        return self.compiler.expression(node, scope, NUMBER) or _UNREADABLE

    def _account(self, node: Node | None, scope: Scope) -> str | MapLookup:
        if not isinstance(node, Fields):
            return self.reader.text_of(node, "account")
        name = self.reader.text(node, "map")
        keys = []
        for key, value in node.entries.items():
            if key != "map":
                compiled = self.compiler.expression(value, scope, TEXT, NUMBER, BOOLEAN)
                if compiled is not None:
                    keys.append((key, compiled))
        return MapLookup(name, tuple(keys))

    def _dims(self, fields: Fields, scope: Scope) -> tuple[tuple[str, Expression], ...]:
        listed = self.reader.mapping(fields.entries.get("dims"), "dims")
        found = []
        for name, node in listed.entries.items() if listed else ():
            compiled = self.compiler.expression(node, scope, TEXT, NUMBER, DATE)
            if compiled is not None:
                found.append((name, compiled))
        return tuple(found)

    def _text(self, fields: Fields, scope: Scope) -> Template | None:
        node = fields.entries.get("text")
        if node is None:
            return None
        text = self.reader.text_of(node, "text")
        return self.compiler.template(text, node.inner if isinstance(node, Scalar) else node.place, scope)
