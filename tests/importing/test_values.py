"""Single cells: amounts, times, maps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.errors import Invalid
from bus.importing.mapping import load_mapping
from bus.importing.values import Line, View
from bus.money import parse_amount

HEAD = """\
mapping: m
company: EU01
inputs: {t: {}}
document: {column: c}
time: {column: c}
events: [{type: a.b, when: {any: true}, data: {x: %s}}]
"""


def read(form: str, cell: str, other: str = ""):
    """What a form makes of a cell in column c; column d holds `other`."""
    field = load_mapping("m.yaml", HEAD % form).events[0].data
    line = Line("f.csv", 1, [cell, other], {"c": 0, "d": 1})
    return field.read(View("t", line, lambda *_: line), "").get("x")


@pytest.mark.parametrize(
    ("options", "cell", "amount"),
    [
        ("currency: EUR, round: half_up", "26.85120450862128", "26.85"),
        ("currency: EUR, round: half_up", "0.005", "0.01"),
        ("currency: EUR, round: half_up", "2.675", "2.68"),
        ("currency: EUR, round: half_even", "0.005", "0.00"),
        ("currency: EUR, round: floor", "-0.001", "-0.01"),
        ("currency: EUR, round: half_up", "-0.001", "0.00"),
        ("currency: EUR, round: half_up", "+.5", "0.50"),
        ("currency: JPY, round: half_up", "10.5", "11"),
        ("currency: KWD, round: exact", "1.234", "1.234"),
        ("decimals: 4, round: half_up", "1.23456", "1.2346"),
        ("currency: CNY, round: exact, minor_units: true", "12345", "123.45"),
        ("currency: CNY, round: exact, negate: true", "-12.3", "12.30"),
        ("currency: EUR, round: half_up, exponent: true", "1.5e-02", "0.02"),
        ('currency: EUR, round: exact, group_mark: ","', "1,234,567.80", "1234567.80"),
        ('currency: EUR, round: exact, group_mark: " ", decimal_mark: ","', "1 234,5", "1234.50"),
        ("currency: EUR, round: exact, default: 0", "", "0.00"),
        ("currency: EUR, round: exact, optional: true", " ", None),
    ],
)
def test_an_amount_is_rounded_once_by_the_rounding_named(options: str, cell: str, amount: str | None) -> None:
    assert read(f"{{number: {{column: c, {options}}}}}", cell) == amount


@pytest.mark.parametrize(
    ("options", "cell", "code"),
    [
        ("currency: EUR, round: exact", "1.005", "AMOUNT_NOT_ROUNDED"),
        ('currency: EUR, round: exact, group_mark: ","', "1,23", "AMOUNT_INVALID"),
        ('currency: EUR, round: exact, decimal_mark: ","', "1.23", "AMOUNT_INVALID"),
        ("currency: EUR, round: exact", "1_000", "AMOUNT_INVALID"),
        ("currency: EUR, round: exact", "Infinity", "AMOUNT_INVALID"),
        ("currency: EUR, round: half_up", "1" + "0" * 60, "AMOUNT_INVALID"),
        ("currency: {column: d}, round: half_up", "1", "IMPORT_FIELD_MISSING"),
    ],
)
def test_what_is_no_amount_is_refused(options: str, cell: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(f"{{number: {{column: c, {options}}}}}", cell)
    assert (caught.value.code, caught.value.where) == (code, "/x")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14, places=12))
def test_every_amount_that_is_read_can_travel(number) -> None:
    parse_amount(read("{number: {column: c, currency: EUR, round: half_up}}", f"{number:f}"))


@pytest.mark.parametrize(
    ("options", "cell", "date"),
    [
        ("", "2017-01-09T23:30:00.000+01:00", "2017-01-09"),
        ("convert_to: UTC", "2017-01-09T00:30:00+01:00", "2017-01-08"),
        ("timezone: America/New_York, convert_to: Asia/Shanghai", "2017-01-09 18:00:00", "2017-01-10"),
        ('format: "%d/%m/%Y"', "09/01/2017", "2017-01-09"),
        ("format: epoch_milliseconds, convert_to: Asia/Shanghai", "1483979400000", "2017-01-10"),
    ],
)
def test_a_date_is_the_local_one_of_its_row(options: str, cell: str, date: str) -> None:
    assert read(f"{{date: {{column: c, {options}}}}}", cell) == date


@pytest.mark.parametrize("cell", ["2017-02-30", "soon", "9999999999999999999"])
def test_what_is_no_date_is_refused(cell: str) -> None:
    with pytest.raises(Invalid) as caught:
        read("{date: {column: c, format: [iso, epoch_seconds]}}", cell)
    assert caught.value.code == "IMPORT_TIME_INVALID"


def test_a_time_that_no_zone_places_is_refused() -> None:
    assert read("{time: {column: c, timezone: Europe/Amsterdam}}", "2017-07-01 10:00") == "2017-07-01T10:00:00+02:00"
    with pytest.raises(Invalid, match="names no timezone"):
        read("{time: {column: c}}", "2017-07-01 10:00")


@pytest.mark.parametrize(
    ("form", "cell", "value"),
    [
        ("{column: c, map: {a: b}, otherwise: z}", "q", "z"),
        ("{column: c, map: {a: b}, keep_unmapped: true}", "q", "q"),
        ("{column: c, map: {a: b}, default: d}", "", "d"),
        ('{template: "{{{c}}}-{row}"}', "q", "{q}-1"),
        ('{template: "{c}{d}", optional: true}', "q", None),
        ("{integer: {column: c}}", "2025", 2025),
        ("{const: true}", "", True),
        ('{const: "true"}', "", "true"),
        ("[{y: {column: c}}, {y: {const: k}}]", "q", [{"y": "q"}, {"y": "k"}]),
        ("{object: {y: {column: c}}}", "q", {"y": "q"}),
    ],
)
def test_a_form_gives_its_value(form: str, cell: str, value: object) -> None:
    assert read(form, cell) == value


@pytest.mark.parametrize(
    ("form", "cell", "code"),
    [
        ("{column: c, map: {a: b}}", "q", "IMPORT_VALUE_UNMAPPED"),
        ("{integer: {column: c}}", "2025.0", "IMPORT_NUMBER_INVALID"),
        ("{column: c}", "", "IMPORT_FIELD_MISSING"),
        ("{column: c}", "a\ufffdb", "IMPORT_TEXT_UNREADABLE"),
    ],
)
def test_a_form_refuses_what_it_cannot_read(form: str, cell: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(form, cell)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("condition", "cell", "holds"),
    [
        ("{column: c, prefix: Declaration REJECTED}", "Declaration REJECTED by MISSING", True),
        ("{column: c, prefix: Declaration REJECTED}", "Permit REJECTED by MISSING", False),
        ("{column: c, in: [a, b]}", "b", True),
        ("{column: c, equals: A, ignore_case: true}", "a", True),
        ('{column: c, matches: "[0-9]+"}', "12x", False),
        ('{column: c, matches: "Ab+", ignore_case: true}', "aBB", True),
        ("{column: c, suffix: x}", "x ", True),
        ("{column: c, empty: true}", "  ", True),
        ("{any: true}", "", True),
        ("{any_of: [{column: c, equals: a}, {column: d, equals: o}]}", "q", True),
        ("{all_of: [{column: c, equals: q}, {not: {column: d, equals: o}}]}", "q", False),
        ("[{column: c, contains: q}, {column: d, equals: o}]", "q", True),
    ],
)
def test_a_condition_holds_for_what_it_says(condition: str, cell: str, holds: bool) -> None:
    text = (HEAD % "{const: k}").replace("{any: true}", condition)
    line = Line("f.csv", 1, [cell, "o"], {"c": 0, "d": 1})
    assert load_mapping("m.yaml", text).events[0].when.holds(View("t", line, lambda *_: line)) is holds


def test_a_cell_is_read_without_the_white_space_around_it() -> None:
    assert Line("f.csv", 1, ["  a "], {"c": 0}).cell("c") == "a"
