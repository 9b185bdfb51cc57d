"""Nodes of a mapping file -> conditions. Pure."""

import re

from bus.importing.conditions import TESTS, AllOf, Always, AnyOf, Cell, Condition, Empty, Not
from bus.importing.forms import Scope
from bus.importing.nodes import Node
from bus.importing.values import Ref


def parse_condition(node: Node, scope: Scope) -> Condition:
    """{column, equals|prefix|suffix|contains|matches|in|empty, ignore_case?}, {any: true}, {not: …}, {any_of: […]},
    {all_of: […]}; a list means all of its members. Raises Invalid MAPPING_INVALID."""
    if node.is_list():
        return AllOf(tuple(parse_condition(member, scope) for member in node.items()))
    names = node.fields(("column", *TESTS, "in", "empty", "ignore_case", "any", "not", "any_of", "all_of"))
    if "column" in names:
        return _parse_cell(node, names, scope)
    if len(names) != 1 or not names.keys() & {"any", "not", "any_of", "all_of"}:
        node.fail("a condition is a column with a test, or one of any, not, any_of, all_of alone")
    ((kind, value),) = names.items()
    if kind == "any":
        return Always() if value.flag() else value.fail("any can only be true")
    if kind == "not":
        return Not(parse_condition(value, scope))
    members = tuple(parse_condition(member, scope) for member in value.items())
    return AllOf(members) if kind == "all_of" else AnyOf(members)


def _parse_cell(node: Node, names: dict[str, Node], scope: Scope) -> Condition:
    tests = [name for name in names if name in TESTS or name in ("in", "empty")]
    if len(tests) != 1 or names.keys() - {"column", "ignore_case", tests[0]}:
        node.fail(f"a column needs exactly one test: {', '.join((*TESTS, 'in', 'empty'))}")
    ref, test, value = scope.column(names["column"]), tests[0], names[tests[0]]
    if test == "empty":
        return Empty(ref, value.flag())
    fold = "ignore_case" in names and names["ignore_case"].flag()
    return _words(ref, "equals" if test == "in" else test, value, fold=fold)


def _words(ref: Ref, test: str, value: Node, *, fold: bool) -> Condition:
    words: list[str] = []
    for member in value.one_or_more():
        word = member.text()
        if test == "matches":
            word = f"(?i:{word})" if fold else word
            try:
                re.compile(word)
            except re.error as error:
                member.fail(f"not a regular expression: {error}")
        words.append(word.casefold() if fold and test != "matches" else word)
    return Cell(ref, test, tuple(words), fold and test != "matches")
