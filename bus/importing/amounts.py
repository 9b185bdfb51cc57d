"""Amounts as foreign files write them -> amount text of the wire, rounded once and by name. Pure."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

from bus.errors import Invalid
from bus.importing.values import MANDATORY, Absence, Derived, Form, Ref, View
from bus.money import FLOOR, HALF_UP, MONEY_CONTEXT, minor_digits, parse_amount

EXACT: Final = "exact"
ROUNDINGS: Final = {"half_up": HALF_UP, "half_even": ROUND_HALF_EVEN, "floor": FLOOR}

# 40 characters hold every 64-bit float and every 18-digit amount as people write them; more is not an amount.
_MAX_TEXT = 40
_PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_EXPONENT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Notation:
    """How a file writes numbers. `group_mark` splits digits in threes; `strip` are characters to leave out (¥, €);
    `exponent` allows 1.5e-05; `minor_units` means that 1234 stands for 12.34 in a currency of two digits."""

    decimal_mark: str = "."
    group_mark: str = ""
    strip: str = ""
    exponent: bool = False
    minor_units: bool = False

    def parse(self, raw: str, at: str) -> Decimal:
        """The exact number. Raises Invalid AMOUNT_INVALID; digits that are not ASCII, NaN and blanks are no number."""
        text = raw.translate({ord(char): None for char in self.strip}).strip()
        if self.group_mark and self.group_mark in text:
            text = self._ungrouped(text, raw, at)
        if self.decimal_mark != ".":
            text = text.replace(".", "?").replace(self.decimal_mark, ".")
        pattern = _EXPONENT if self.exponent else _PLAIN
        if len(text) > _MAX_TEXT or not pattern.fullmatch(text):
            raise Invalid("AMOUNT_INVALID", f"{raw[:_MAX_TEXT]!r} is not a number in the mapping's notation", at)
        return Decimal(text)

    def _ungrouped(self, text: str, raw: str, at: str) -> str:
        # Dropping every mark would turn 1,23 into 123 where the file mixes notations.
        whole, mark, rest = text.partition(self.decimal_mark)
        grouped = rf"[+-]?[0-9]{{1,3}}({re.escape(self.group_mark)}[0-9]{{3}})+"
        if not re.fullmatch(grouped, whole):
            raise Invalid("AMOUNT_INVALID", f"{raw[:_MAX_TEXT]!r} is not grouped in threes", at)
        return whole.replace(self.group_mark, "") + mark + rest


@dataclass(frozen=True, slots=True)
class Number:
    """An amount of `currency`, or a number of `decimals` digits, rounded by the name in `rounding` ("exact": refused
    where digits would be lost). `negate` turns the sign, for logs that write payments below zero."""

    ref: Ref
    notation: Notation
    rounding: str
    currency: Form | None = None
    decimals: int | None = None
    negate: bool = False
    absence: Absence = MANDATORY

    def read(self, view: View, at: str) -> str | None:
        """Amount text. Raises Invalid AMOUNT_INVALID, AMOUNT_NOT_ROUNDED, CURRENCY_INVALID."""
        line = view.line_of(self.ref.table, at)
        raw = view.text(self.ref, at) or self.absence.read(self.ref.column, at)
        if raw is None:
            return None
        value = self._rounded(self.notation.parse(raw, at), self._digits(view, at), at)
        view.derived.append(Derived(at, raw, value, self.rounding, line.file, line.number, self.ref.column))
        return value

    def _digits(self, view: View, at: str) -> int:
        if self.decimals is not None:
            return self.decimals
        code = "" if self.currency is None else str(self.currency.read(view, at))
        try:
            return minor_digits(code)
        except Invalid as error:
            raise Invalid(error.code, error.message, at) from error

    def _rounded(self, number: Decimal, digits: int, at: str) -> str:
        exact = number.scaleb(-digits, MONEY_CONTEXT) if self.notation.minor_units else number
        try:
            amount = exact.quantize(Decimal(1).scaleb(-digits), ROUNDINGS.get(self.rounding, HALF_UP), MONEY_CONTEXT)
        except InvalidOperation as error:
            raise Invalid("AMOUNT_INVALID", "the number has too many digits", at) from error
        if self.rounding == EXACT and amount != exact:
            raise Invalid("AMOUNT_NOT_ROUNDED", f"{exact} has more than {digits} decimals", at)
        if self.negate:
            amount = -amount
        # A zero that was -0.004 must not travel as "-0.00".
        text = f"{amount if amount else abs(amount):f}"
        try:
            parse_amount(text)
        except Invalid as error:
            raise Invalid(error.code, f"{text} is too long for an amount", at) from error
        return text


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number that is no amount: a year, an ordinal."""

    ref: Ref
    absence: Absence = MANDATORY

    def read(self, view: View, at: str) -> int | None:
        """The number. Raises Invalid IMPORT_NUMBER_INVALID."""
        raw = view.text(self.ref, at) or self.absence.read(self.ref.column, at)
        if raw is not None and not _WHOLE.fullmatch(raw):
            raise Invalid("IMPORT_NUMBER_INVALID", f"{raw[:_MAX_TEXT]!r} is not a whole number", at)
        return None if raw is None else int(raw)
