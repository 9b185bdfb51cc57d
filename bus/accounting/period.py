"""Accounting periods are calendar months, named "2026-11"; the fiscal year is the calendar year."""

from collections.abc import Iterator
from datetime import date


def period_of(day: date) -> str:
    """The period of a day: "2026-11"."""
    return f"{day.year:04d}-{day.month:02d}"


def next_in_year(day: date) -> Iterator[date]:
    """The first days of the later months of the same fiscal year: no date moves to another year without a person."""
    for month in range(day.month + 1, 13):
        yield date(day.year, month, 1)
