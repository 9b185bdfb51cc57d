"""Amounts and the minor units of one currency, with what depends on the currency alone looked up once."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from bus.money import HALF_UP, MONEY_CONTEXT, minor_digits


@dataclass(frozen=True, slots=True)
class MinorUnit:
    """`digits` decimals of a currency; `size` is one unit, 0.01 for CNY."""

    currency: str
    digits: int
    size: Decimal

    def round(self, amount: Decimal) -> Decimal:
        """The amount rounded half up to whole units. Raises InvalidOperation beyond 50 digits."""
        return amount.quantize(self.size, HALF_UP, MONEY_CONTEXT)

    def units(self, amount: Decimal) -> int:
        """Whole units of an amount, rounded half up. Raises InvalidOperation beyond 50 digits."""
        return int(amount.quantize(self.size, HALF_UP, MONEY_CONTEXT).scaleb(self.digits, MONEY_CONTEXT))

    def amount(self, units: int) -> Decimal:
        """The amount of so many units: 12345 -> Decimal("123.45")."""
        return Decimal(units).scaleb(-self.digits, MONEY_CONTEXT)

    def text(self, units: int) -> str:
        """Units as wire text: 12345 -> "123.45"."""
        return f"{self.amount(units):f}"


@cache
def minor_unit(currency: str) -> MinorUnit:
    """The minor unit of an ISO 4217 code. Raises Invalid CURRENCY_INVALID."""
    digits = minor_digits(currency)
    return MinorUnit(currency, digits, Decimal(1).scaleb(-digits))
