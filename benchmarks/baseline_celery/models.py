"""The hand-written pipeline's tables: which events were seen, journals, their lines."""

import os
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

from sqlalchemy import BigInteger, Date, Engine, ForeignKey, Identity, Numeric, String, UniqueConstraint, create_engine
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

DATABASE: Final = "BASELINE_DATABASE"


class Base(DeclarativeBase):
    """The tables."""


class SeenEvent(Base):
    """An event that was booked: what makes a second delivery of it change nothing."""

    __tablename__ = "seen_event"
    source: Mapped[str] = mapped_column(String(200), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(200), primary_key=True)


class Journal(Base):
    """A voucher and whether the ledger has it: state "new" or "confirmed"."""

    __tablename__ = "journal"
    __table_args__ = (UniqueConstraint("source", "event_id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(String(200))
    event_id: Mapped[str] = mapped_column(String(200))
    event_type: Mapped[str] = mapped_column(String(100))
    company: Mapped[str] = mapped_column(String(50))
    document: Mapped[str] = mapped_column(String(200))
    accounting_date: Mapped[date] = mapped_column(Date)
    currency: Mapped[str] = mapped_column(String(3))
    text: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(20), default="new")
    reference: Mapped[str | None] = mapped_column(String(200))
    lines: Mapped[list["JournalLine"]] = relationship(order_by="JournalLine.line_no")


class JournalLine(Base):
    """One line of a journal."""

    __tablename__ = "journal_line"
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(50))
    debit: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    credit: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    dims: Mapped[dict[str, str]] = mapped_column(JSONB)
    text: Mapped[str] = mapped_column(String(500))


@cache
def engine() -> Engine:
    """This process's engine: one kept connection, since a pool process runs one task at a time."""
    return create_engine(os.environ[DATABASE], pool_size=1, max_overflow=0)
