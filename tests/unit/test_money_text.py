"""Amounts travel as text in one strict form; everything a number may otherwise look like is refused."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.errors import Invalid
from bus.money import (
    FLOOR,
    HALF_UP,
    format_minor,
    from_minor,
    minor_digits,
    parse_amount,
    parse_rate,
    round_money,
    to_minor,
)

BAD_AMOUNTS = [
    "", " ", "-", ".", "+1", "1.", ".5", "01", "00.50", "-01", "--1", "1..2", "1.2.3", "1-", "1,000.00", "12,5",
    "NaN", "nan", "sNaN", "Infinity", "-Infinity", "inf", "1e5", "1E5", "1e-5", "0x10", "1_000", "1 000", " 12 ",
    " 12", "12 ", "12\t", "\u00a012", "12\u200b", "１２３", "１.5", "١٢٣", "१२", "12\u0000", "¥12", "12元", "(12.00)",
    "-0", "-0.0", "-0.00", "-0.000000", "0.1234567", "1234567890123456789", "123456789012345678.1",
    "1234567890123.123456", "9" * 5000, "1" + "0" * 18, "12\u2212", "\u221212", "1\u066b5", "12/5", "12:5", "true",
]  # fmt: skip
GOOD_AMOUNTS = ["0", "0.00", "0.000001", "1", "-1", "12.5", "-12.50", "123456789012345678", "-123456789012.123456"]


@pytest.mark.parametrize("text", BAD_AMOUNTS, ids=lambda text: repr(text[:24]))
def test_a_bad_amount_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_amount(text)
    assert refused.value.code == "AMOUNT_INVALID"
    assert not text.strip() or text not in refused.value.message


@pytest.mark.parametrize("value", [12.5, 12, Decimal("12.5"), True, None, ["1"], {"a": "1"}, b"12"])
def test_only_text_is_an_amount(value: object) -> None:
    with pytest.raises(Invalid):
        parse_amount(value)


@pytest.mark.parametrize("text", GOOD_AMOUNTS)
def test_a_good_amount_is_read_exactly(text: str) -> None:
    assert parse_amount(text) == Decimal(text)


@given(st.text(alphabet="0123456789.-eE_ +\n\u0660\uff11", max_size=24))
def test_what_is_accepted_is_plain_ascii_of_at_most_18_digits(text: str) -> None:
    try:
        amount = parse_amount(text)
    except Invalid:
        return
    if text.endswith("\n"):
        return  # see test_a_line_break_after_the_text_is_refused
    assert set(text) <= set("0123456789.-")
    assert sum(letter.isdigit() for letter in text) <= 18
    assert not (amount == 0 and text.startswith("-"))


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_minor_units_survive_the_way_over_the_wire(units: int, currency: str) -> None:
    assert to_minor(parse_amount(format_minor(units, currency)), currency) == units
    assert to_minor(from_minor(units, currency), currency) == units


def test_rounding_is_the_one_that_is_named() -> None:
    assert round_money(Decimal("2.675"), "CNY", HALF_UP) == Decimal("2.68")
    assert round_money(Decimal("2.675"), "CNY", FLOOR) == Decimal("2.67")
    assert round_money(Decimal("2.5"), "JPY", HALF_UP) == Decimal(3)


def test_a_fraction_of_a_minor_unit_is_never_dropped() -> None:
    with pytest.raises(Invalid) as refused:
        to_minor(Decimal("0.005"), "CNY")
    assert refused.value.code == "AMOUNT_NOT_ROUNDED"


@pytest.mark.parametrize("text", ["0.12345678901", "1e2", "5%", "1/3", " 0.13", 0.13])
def test_a_bad_rate_is_refused(text: object) -> None:
    with pytest.raises(Invalid):
        parse_rate(text)


@pytest.mark.parametrize("read", [parse_amount, parse_rate, lambda text: minor_digits(text.replace("12", "CNY"))])
def test_a_line_break_after_the_text_is_refused(read: Callable[[str], object]) -> None:
    with pytest.raises(Invalid):
        read("12\n")


def test_the_library_alone_would_have_taken_bad_amounts() -> None:
    """The cases above are real traps: Decimal swallows them."""
    assert [Decimal(text) for text in ("1_000", "１２３", "١٢٣", " 12 ", "12\n", "1e5")]
