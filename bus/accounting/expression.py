"""Expressions: parsed, type-checked and made into functions once, when rules are loaded; evaluated many times."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import localcontext
from itertools import pairwise
from typing import Any, Final

from rule_engine import Context, DataType, Rule, ast, errors

from bus.accounting.findings import nearest
from bus.accounting.generated import Code
from bus.accounting.lexicon import LexError, Token, names_in, tokens_of
from bus.accounting.operations import as_text
from bus.accounting.translation import TRANSLATED, source_of
from bus.money import MONEY_CONTEXT

Env = Mapping[str, Any]
BOOLEAN: Final = DataType.BOOLEAN
NUMBER: Final = DataType.FLOAT
TEXT: Final = DataType.STRING
DATE: Final = DataType.DATETIME
_COMPARING: Final = (ast.ComparisonExpression, ast.ArithmeticComparisonExpression)
_TWO_SIDED: Final = (
    ast.AddExpression, ast.SubtractExpression, ast.ArithmeticExpression, ast.CoalesceExpression, *_COMPARING,
    ast.LogicExpression,
)  # fmt: skip
# The parts of each kind of node that has any.
_PARTS: Final[dict[Any, Callable[[Any], tuple[Any, ...]]]] = {
    (ast.ArrayExpression, ast.SetExpression): lambda node: tuple(node.value),
    ast.GetAttributeExpression: lambda node: (node.object,),
    ast.GetItemExpression: lambda node: (node.container, node.item),
    ast.FunctionCallExpression: lambda node: node.arguments,
    _TWO_SIDED: lambda node: (node.left, node.right),
    ast.UnaryExpression: lambda node: (node.right,),
    ast.TernaryExpression: lambda node: (node.condition, node.case_true, node.case_false),
    ast.ContainsExpression: lambda node: (node.container, node.member),
    ast.ComprehensionExpression: lambda node: (node.iterable, node.condition, node.result),
}


class Scope:
    """Names an expression may use, with their types."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        self.types = dict(types)
        self.context = Context(
            type_resolver=self.types,
            default_timezone="utc",
            decimal_context=MONEY_CONTEXT,
            mapping_attribute_lookup=False,
        )

    def extended(self, types: Mapping[str, Any]) -> "Scope":
        """This scope with more names."""
        return Scope({**self.types, **types})


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: its text, its type, its tree of rule-engine, and the fields it reads, by path.

    `evaluate` takes the values of the names; may raise EngineError, ArithmeticError.
    """

    text: str
    type: Any
    node: Any
    inputs: Mapping[str, Any]
    evaluate: Callable[[Env], Any]

    def inputs_as_text(self, env: Env) -> dict[str, str]:
        """What it read, as text by path, for the explanation of what came out."""
        return {path: as_text(_value_at(path, env)) for path in self.inputs}


def _value_at(path: str, env: Env) -> Any:
    value: Any = env
    for name in path.split("."):
        value = value[name]
    return value


class ExpressionError(ValueError):
    """A refused expression; `column` counts from 0 in its text."""

    def __init__(self, column: int, what: str, remedy: str) -> None:
        super().__init__(what)
        self.column = column
        self.what = what
        self.remedy = remedy


def compile_expression(text: str, scope: Scope, *expected: Any) -> Expression:
    """Parse and check an expression whose type must be one of `expected` (any type when none is given).

    Raises ExpressionError.
    """
    node = _parsed(text, scope)
    _check(node, frozenset())
    if expected and not any(node.result_type == wanted for wanted in expected):
        wanted_names = " or ".join(_type_name(wanted) for wanted in expected)
        what = f"{text} is {_type_name(node.result_type)}, not {wanted_names}"
        raise ExpressionError(0, what, f"write an expression that gives {wanted_names}")
    if DataType.is_type(node.result_type, DataType.SET):
        raise _unordered()
    code = Code()
    evaluate = code.function(text, "env", [f"return {source_of(code, node, lambda name: f'env[{name!r}]')}"])
    return Expression(text, node.result_type, node, dict(_inputs(node, frozenset())), evaluate)


def _parsed(text: str, scope: Scope) -> Any:
    try:
        tokens = tokens_of(text)
    except LexError as error:
        raise ExpressionError(error.column, error.what, error.remedy) from error
    _check_names(tokens, scope)
    try:
        # A literal such as 1 / 3 is folded while it is parsed, with the digits of the context of that moment.
        with localcontext(MONEY_CONTEXT):
            return Rule(text, scope.context).statement.expression
    except errors.EngineError as error:
        raise _explained(text, error) from error
    except (ArithmeticError, RecursionError, ValueError) as error:
        raise ExpressionError(0, "an expression cannot be read", "write it simpler") from error


def _check_names(tokens: tuple[Token, ...], scope: Scope) -> None:
    bound = {after.value for before, after in pairwise(tokens) if before.value == "for"}
    known = scope.types.keys() | bound
    for token in names_in(tokens):
        if token.value not in known:
            raise ExpressionError(token.column, f"name {token.value} is not known", nearest(token.value, known))


def _explained(text: str, error: errors.EngineError) -> ExpressionError:
    name = getattr(error, "attribute_name", None) or getattr(error, "name", None)
    column = max(text.find(f".{name}") + 1, 0) if name else 0
    suggestion = getattr(error, "suggestion", None)
    remedy = f"did you mean {suggestion}?" if suggestion else "compare and combine only values of one type"
    if isinstance(error, errors.RuleSyntaxError):
        token = getattr(error, "token", None)
        column = getattr(token, "lexpos", len(text))
        remedy = "correct the expression here"
    what = f"field {name} is not known" if name else (error.message or "an expression cannot be read")
    return ExpressionError(column, what, remedy)


def _type_name(data_type: Any) -> str:
    names = {NUMBER: "a number", TEXT: "a text", BOOLEAN: "true or false", DATE: "a date"}
    return names.get(data_type) or ("of no known type" if data_type == DataType.UNDEFINED else data_type.name.lower())


def _children(node: Any) -> tuple[Any, ...]:
    if type(node) not in TRANSLATED:
        what = f"{type(node).__name__} is not allowed"
        raise ExpressionError(0, what, "write it with fields, numbers and comparisons")
    parts = next((parts(node) for kind, parts in _PARTS.items() if isinstance(node, kind)), ())
    return tuple(part for part in parts if part is not None)


def _check(node: Any, bound: frozenset[str]) -> None:
    children = _children(node)
    if isinstance(node, ast.ComprehensionExpression):
        # The interpreter would take the outer one for both.
        if node.variable in bound:
            raise ExpressionError(0, f"{node.variable} hides another name", "choose another name after for")
        _check(node.iterable, bound)
        bound, children = bound | {node.variable}, children[1:]
    for child in children:
        _check(child, bound)
    _check_kind(node)
    if node.result_type == DataType.UNDEFINED:
        raise ExpressionError(0, "an expression has no known type", "give both branches of ? : the same type")
    if isinstance(node, (*_COMPARING, ast.CoalesceExpression)) and not _alike(node.left, node.right):
        what = f"{_type_name(_plain(node.left))} is compared with {_type_name(_plain(node.right))}"
        raise ExpressionError(0, what, "compare values of one type; amounts are written without quotes")
    if isinstance(node, ast.ContainsExpression):
        _check_contains(node)
    if any(part.result_type != BOOLEAN for part in _truths(node)):
        raise ExpressionError(0, "a condition is not true or false", "write a comparison, such as doc.total > 0")
    if any(DataType.is_type(child.result_type, DataType.SET) for child in children) and not _looks_in_set(node):
        raise _unordered()


def _check_kind(node: Any) -> None:
    """What is parsed, and has a type, but is no part of the language of rules."""
    kind = type(node)
    if kind is ast.SymbolExpression and node.scope is not None:
        raise ExpressionError(0, f"built-in {node.name} is not allowed", "use a field of the document")
    if kind is ast.SymbolExpression and DataType.is_type(node.result_type, DataType.FUNCTION):
        raise ExpressionError(0, f"{node.name} is a function", f"write {node.name}(…)")
    if kind is ast.GetAttributeExpression and not DataType.is_type(_plain(node.object), DataType.OBJECT):
        raise ExpressionError(0, f"{node.name} is not a field", "only documents and their rows have fields")
    if kind is ast.FunctionCallExpression and type(node.function) is not ast.SymbolExpression:
        raise ExpressionError(
            0, "only declared functions can be called", "call a function by its name: min(…), round(…)"
        )
    if kind is ast.UnaryExpression and node.type != "not" and node.result_type != NUMBER:
        raise ExpressionError(0, f"minus before {_type_name(node.result_type)}", "write - before a number only")
    if node.result_type == DataType.TIMEDELTA:
        raise ExpressionError(0, "a date is taken from a date", "count days with days(later, earlier)")
    if kind is ast.ArithmeticComparisonExpression and node.left.result_type not in (NUMBER, TEXT, BOOLEAN, DATE):
        raise ExpressionError(0, "a list has no order", "compare numbers, texts or dates with < and >")


def _truths(node: Any) -> tuple[Any, ...]:
    if isinstance(node, ast.LogicExpression):
        return (node.left, node.right)
    if isinstance(node, ast.TernaryExpression):
        return (node.condition,)
    if isinstance(node, ast.UnaryExpression) and node.type == "not":
        return (node.right,)
    if isinstance(node, ast.ComprehensionExpression) and node.condition is not None:
        return (node.condition,)
    return ()


def _check_contains(node: Any) -> None:
    member = getattr(_plain(node.container), "value_type", _plain(node.container))
    if member != _plain(node.member):
        raise ExpressionError(0, "in looks for a value of another type", "look for a text among texts")


def _looks_in_set(node: Any) -> bool:
    return isinstance(node, ast.ContainsExpression) and not DataType.is_type(node.member.result_type, DataType.SET)


def _unordered() -> ExpressionError:
    return ExpressionError(0, "a set has no order", "use { } only after in; write a list in [ ]")


def _plain(node: Any) -> Any:
    return DataType.NULLABLE.unwrap(node.result_type)


def _alike(left: Any, right: Any) -> bool:
    types = (_plain(left), _plain(right))
    return types[0] == types[1] or DataType.NULL in types


def _path(node: Any) -> tuple[str, ...] | None:
    if isinstance(node, ast.SymbolExpression):
        return (node.name,)
    if isinstance(node, ast.GetAttributeExpression):
        base = _path(node.object)
        return (*base, node.name) if base else None
    return None


def _inputs(node: Any, bound: frozenset[str]) -> Iterator[tuple[str, Any]]:
    path = _path(node)
    if path is not None:
        if path[0] not in bound and not (len(path) == 1 and path[0] in ("debit", "credit")):
            yield ".".join(path), node
        return
    inner = bound | {node.variable} if isinstance(node, ast.ComprehensionExpression) else bound
    for child in _children(node):
        yield from _inputs(child, inner)
