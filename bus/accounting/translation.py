"""From the nodes of a checked tree to Python source.

Each kind of node has one translation; a kind that is not in TRANSLATED is refused when rules are loaded. An operator
stands for itself where neither type nor value can make it fail; elsewhere a function of bus.accounting.operations does.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from rule_engine import DataType, ast

from bus.accounting import operations
from bus.accounting.generated import Code

Resolve = Callable[[str], str]
_Translate = Callable[[Code, Any, Resolve], str]
_INLINE: Final = (DataType.FLOAT, DataType.STRING, DataType.BOOLEAN)
_SIGNS: Final = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "add": "+", "sub": "-"}
_ARITHMETIC: Final = {"mul": operator.mul, "tdiv": operator.truediv, "mod": operator.mod}
_BUILT_IN: Final[Mapping[str, Any]] = {"min": min, "max": max}


def source_of(code: Code, node: Any, resolve: Resolve) -> str:
    """The Python expression for a checked node; `resolve` gives the source of a name."""
    return TRANSLATED[type(node)](code, node, resolve)


def text_of(code: Code, data_type: Any, source: str) -> str:
    """The Python expression for a value as text, as operations.as_text gives it."""
    if data_type == DataType.STRING:
        return source
    if data_type == DataType.BOOLEAN:
        return f"('true' if {source} else 'false')"
    return f"{code.name(operations.digits if data_type == DataType.FLOAT else operations.as_text)}({source})"


def _constant(code: Code, node: Any, _resolve: Resolve) -> str:
    return repr(node.value) if isinstance(node.value, str | bool | None) else code.name(node.value)


def _array(code: Code, node: Any, resolve: Resolve) -> str:
    return f"({''.join(f'{source_of(code, member, resolve)}, ' for member in node.value)})"


def _symbol(_code: Code, node: Any, resolve: Resolve) -> str:
    return resolve(node.name)


def _attribute(code: Code, node: Any, resolve: Resolve) -> str:
    return f"{source_of(code, node.object, resolve)}[{node.name!r}]"


def _item(code: Code, node: Any, resolve: Resolve) -> str:
    return _call(code, operations.item, source_of(code, node.container, resolve), source_of(code, node.item, resolve))


def _function(code: Code, node: Any, resolve: Resolve) -> str:
    arguments = [source_of(code, argument, resolve) for argument in node.arguments]
    name = node.function.name
    if name in _BUILT_IN:
        return _call(code, _BUILT_IN[name], *arguments)
    return _call(code, operations.called, resolve(name), *arguments)


def _between(code: Code, node: Any, resolve: Resolve) -> str:
    return f"({source_of(code, node.left, resolve)} {_SIGNS[node.type]} {source_of(code, node.right, resolve)})"


def _arithmetic(code: Code, node: Any, resolve: Resolve) -> str:
    operation = code.name(_ARITHMETIC[node.type])
    sides = (source_of(code, node.left, resolve), source_of(code, node.right, resolve))
    return _call(code, operations.arithmetic, operation, *sides)


def _ordered(code: Code, node: Any, resolve: Resolve) -> str:
    if node.left.result_type in _INLINE:
        return _between(code, node, resolve)
    compare = code.name(getattr(operator, node.type))
    sides = (source_of(code, node.left, resolve), source_of(code, node.right, resolve))
    return _call(code, operations.ordered, compare, *sides)


def _logic(code: Code, node: Any, resolve: Resolve) -> str:
    return f"({source_of(code, node.left, resolve)} {node.type} {source_of(code, node.right, resolve)})"


def _unary(code: Code, node: Any, resolve: Resolve) -> str:
    sign = {"not": "not ", "uminus": "-"}[node.type]
    return f"({sign}{source_of(code, node.right, resolve)})"


def _ternary(code: Code, node: Any, resolve: Resolve) -> str:
    condition = source_of(code, node.condition, resolve)
    return (
        f"({source_of(code, node.case_true, resolve)} if {condition} else {source_of(code, node.case_false, resolve)})"
    )


def _contains(code: Code, node: Any, resolve: Resolve) -> str:
    sides = (source_of(code, node.container, resolve), source_of(code, node.member, resolve))
    return _call(code, operations.contained, *sides)


def _coalesce(code: Code, node: Any, resolve: Resolve) -> str:
    other = f"lambda: {source_of(code, node.right, resolve)}"
    return _call(code, operations.coalesced, source_of(code, node.left, resolve), other)


def _comprehension(code: Code, node: Any, resolve: Resolve) -> str:
    variable = f"v_{node.variable}"

    def inside(name: str) -> str:
        return variable if name == node.variable else resolve(name)

    members = source_of(code, node.iterable, resolve)
    condition = f" if {source_of(code, node.condition, inside)}" if node.condition is not None else ""
    return f"{code.name(tuple)}([{source_of(code, node.result, inside)} for {variable} in {members}{condition}])"


def _call(code: Code, function: Any, *arguments: str) -> str:
    return f"{code.name(function)}({', '.join(arguments)})"


# Exact classes: a fuzzy comparison is a kind of ComparisonExpression, and is not one of these.
TRANSLATED: Final[Mapping[type, _Translate]] = {
    ast.FloatExpression: _constant,
    ast.StringExpression: _constant,
    ast.BooleanExpression: _constant,
    ast.DatetimeExpression: _constant,
    ast.NullExpression: _constant,
    ast.ArrayExpression: _array,
    ast.SetExpression: _array,
    ast.SymbolExpression: _symbol,
    ast.GetAttributeExpression: _attribute,
    ast.GetItemExpression: _item,
    ast.FunctionCallExpression: _function,
    ast.AddExpression: _between,
    ast.SubtractExpression: _between,
    ast.ArithmeticExpression: _arithmetic,
    ast.ComparisonExpression: _between,
    ast.ArithmeticComparisonExpression: _ordered,
    ast.LogicExpression: _logic,
    ast.UnaryExpression: _unary,
    ast.TernaryExpression: _ternary,
    ast.ContainsExpression: _contains,
    ast.CoalesceExpression: _coalesce,
    ast.ComprehensionExpression: _comprehension,
}
