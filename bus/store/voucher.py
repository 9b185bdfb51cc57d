"""A voucher's number in words, as an SQL expression; the same text as bus.records.voucher_number."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, String, case, cast, func

from bus.store.tables import journal_entry


def voucher_text(dialect: str, entries: FromClause = journal_entry) -> ColumnElement[Any]:
    """("记", "2026-11", 1) -> "记-2026-11-0001", for the columns of journal_entry or an alias of it."""
    number = entries.c.number
    if dialect == "sqlite":
        padded: ColumnElement[Any] = func.printf("%04d", number, type_=String())
    else:
        digits = cast(number, String())
        padded = case((number < 10_000, func.lpad(digits, 4, "0")), else_=digits)
    return entries.c.word + "-" + entries.c.period + "-" + padded
