"""Money: Decimal in Python, integers of minor units in the store, text on the wire.

A float never becomes money here. Rounding is named by the caller.
"""

import re
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Final

from bus.errors import Invalid

AMOUNT_PATTERN: Final = r"^(?!-0+(\.0+)?$)(?!-?[0-9.]{20,}$)-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?$"
RATE_PATTERN: Final = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,10})?$"

# 50 digits: enough that 18 digits times a rate of 28 digits is still exact before its one rounding.
MONEY_CONTEXT: Final = Context(prec=50, rounding=ROUND_HALF_UP)
HALF_UP: Final = ROUND_HALF_UP
FLOOR: Final = ROUND_FLOOR

_AMOUNT = re.compile(AMOUNT_PATTERN)
_RATE = re.compile(RATE_PATTERN)
_MAX_DIGITS = 18
_CURRENCY = re.compile(r"^[A-Z]{3}$")

# ISO 4217 currencies whose minor unit is not 2 digits.
_MINOR_DIGITS: Final = {
    "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KMF": 0,
    "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "VND": 0, "VUV": 0,
    "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip


def parse_amount(text: object) -> Decimal:
    """An amount as it travels ("1234.50") -> Decimal; anything else, floats first, raises Invalid AMOUNT_INVALID."""
    if isinstance(text, str) and _AMOUNT.fullmatch(text) and sum(c.isdigit() for c in text) <= _MAX_DIGITS:
        return Decimal(text)
    raise Invalid("AMOUNT_INVALID", f"not an amount: {type(text).__name__}")


def parse_rate(text: object) -> Decimal:
    """A rate or percentage as text, at most 10 decimals -> Decimal; raises Invalid AMOUNT_INVALID."""
    if isinstance(text, str) and _RATE.fullmatch(text):
        return Decimal(text)
    raise Invalid("AMOUNT_INVALID", f"not a rate: {type(text).__name__}")


def minor_digits(currency: str) -> int:
    """Decimal digits of the currency's minor unit (ISO 4217): 2 for CNY and EUR, 0 for JPY, 3 for KWD."""
    if not _CURRENCY.fullmatch(currency):
        raise Invalid("CURRENCY_INVALID", f"not an ISO 4217 code: {currency!r}")
    return _MINOR_DIGITS.get(currency, 2)


def round_money(amount: Decimal, currency: str, rounding: str) -> Decimal:
    """The amount rounded to the currency's minor unit, by the rounding the caller names (HALF_UP, FLOOR)."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding, MONEY_CONTEXT)


def to_minor(amount: Decimal, currency: str) -> int:
    """Exact integer of minor units; an amount with a fraction of a minor unit raises Invalid AMOUNT_NOT_ROUNDED."""
    scaled = amount.scaleb(minor_digits(currency), MONEY_CONTEXT)
    whole = int(scaled)
    if whole != scaled:
        raise Invalid("AMOUNT_NOT_ROUNDED", f"{amount} {currency} has a fraction of a minor unit")
    return whole


def from_minor(units: int, currency: str) -> Decimal:
    """Decimal with the currency's digits from minor units: (12345, "CNY") -> Decimal("123.45")."""
    return Decimal(units).scaleb(-minor_digits(currency), MONEY_CONTEXT)


def format_minor(units: int, currency: str) -> str:
    """Minor units as wire text, never in exponent form: (12345, "CNY") -> "123.45"."""
    return f"{from_minor(units, currency):f}"
