"""The functions that expressions may call, declared with their types."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from typing import Any, Final

from rule_engine import DataType

from bus.accounting.minor import minor_unit
from bus.money import MONEY_CONTEXT

_NUMBER: Final = DataType.FLOAT
_NUMBERS: Final = DataType.ARRAY(_NUMBER)


def _function(name: str, result: Any, *arguments: Any, least: int | None = None) -> Any:
    return DataType.FUNCTION(name, return_type=result, argument_types=arguments, minimum_arguments=least)


FUNCTION_TYPES: Final[Mapping[str, Any]] = {
    "min": _function("min", _NUMBER, *[_NUMBER] * 8, least=2),
    "max": _function("max", _NUMBER, *[_NUMBER] * 8, least=2),
    "sum": _function("sum", _NUMBER, _NUMBERS),
    "round": _function("round", _NUMBER, _NUMBER),
    "split": _function("split", _NUMBERS, _NUMBER, _NUMBERS),
    "days": _function("days", _NUMBER, DataType.DATETIME, DataType.DATETIME),
}
CHECK_TYPES: Final[Mapping[str, Any]] = {
    "total": _function("total", _NUMBER, DataType.STRING),
    "debit": DataType.STRING,
    "credit": DataType.STRING,
}


@cache
def functions_of(currency: str) -> Mapping[str, Callable[..., Any]]:
    """The callables by name; `round` and `split` go to the minor unit. Raises Invalid CURRENCY_INVALID."""
    unit = minor_unit(currency)
    return {
        "min": min,
        "max": max,
        "sum": lambda numbers: sum(numbers, Decimal(0)),
        "round": unit.round,
        "split": lambda amount, weights: split(amount, weights, currency),
        "days": _days,
    }


def split(amount: Decimal, weights: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """Shares of an amount in proportion to weights: floored to minor units, the rest on the last; they sum exactly.

    A negative amount splits as its absolute value. Raises ValueError for a negative weight or a sum of zero.
    """
    total = sum(weights, Decimal(0))
    if total <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative and must have a positive sum")
    size = amount.copy_abs()
    unit = minor_unit(currency).size
    shares = [
        MONEY_CONTEXT.divide(MONEY_CONTEXT.multiply(size, weight), total).quantize(unit, ROUND_FLOOR, MONEY_CONTEXT)
        for weight in weights[:-1]
    ]
    shares.append(MONEY_CONTEXT.subtract(size, sum(shares, Decimal(0))))
    return tuple(share.copy_negate() for share in shares) if amount < 0 else tuple(shares)


def _days(later: datetime, earlier: datetime) -> Decimal:
    return Decimal((later - earlier).days)
