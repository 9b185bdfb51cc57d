"""What generated code calls where an operation may fail, or needs more than an operator.

Failures are those of rule-engine's interpreter, word for word: EngineError with the same message.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from rule_engine import errors


def as_text(value: Any) -> str:
    """A value as people read it: plain digits, ISO dates, true and false; a list as its members or its length."""
    if isinstance(value, Decimal):
        return digits(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, tuple):
        scalars = not any(isinstance(member, Mapping | tuple) for member in value)
        return ", ".join(map(as_text, value)) if scalars else f"{len(value)} rows"
    return "" if value is None else str(value)


def digits(value: Decimal) -> str:
    """A number in plain digits; the quick way gives an exponent only for very small or scaled ones."""
    text = str(value)
    return f"{value:f}" if "E" in text else text


def called(function: Callable[..., Any], *arguments: Any) -> Any:
    """A declared function called with values."""
    try:
        return function(*arguments)
    except (ValueError, TypeError, ArithmeticError):
        for position, argument in enumerate(arguments, 1):
            if argument is None:
                raise errors.FunctionCallError(f"data type mismatch (argument #{position})") from None
        raise errors.FunctionCallError("function call failed") from None


def item(container: Any, index: Decimal) -> Any:
    """The member of a list, or the character of a text, at a whole number from 0; below 0 it counts from the end."""
    whole = int(index)
    if whole != index:
        raise errors.EvaluationError("data type mismatch (not an integer number)")
    try:
        return container[whole]
    except IndexError:
        raise errors.LookupError(container, whole) from None


def contained(container: Any, member: Any) -> bool:
    """Whether a list has a member, or a text a part; the container is computed first."""
    return member in container


def coalesced(value: Any, other: Callable[[], Any]) -> Any:
    """The value, or the other one when it is null."""
    return other() if value is None else value


def ordered(compare: Callable[[Any, Any], bool], left: datetime | None, right: datetime | None) -> bool:
    """An ordered comparison of dates, either of which may be missing in a document that no schema has seen."""
    if left is None and right is None:
        return compare(0, 0)
    if left is None or right is None:
        raise errors.EvaluationError("data type mismatch")
    return compare(left, right)


def arithmetic(operation: Callable[[Any, Any], Any], left: Decimal, right: Decimal) -> Any:
    """A product, quotient or remainder."""
    try:
        return operation(left, right)
    except ZeroDivisionError:
        raise errors.ArithmeticError("arithmetic error: division by zero") from None
    except ArithmeticError:
        raise errors.ArithmeticError("arithmetic error") from None
