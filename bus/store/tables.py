"""Every table, once, for SQLite and PostgreSQL.

Times are milliseconds since 1970 UTC by the database's clock. Amounts are integers of minor units beside a currency.
JSON is kept as canonical text: the store never looks inside.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

INBOX_STATES: Final = ("accepted", "booked", "no_op", "parked", "held", "no_route", "discarded")
POSTING_STATES: Final = ("pending", "leased", "sent", "confirmed", "rejected", "in_doubt")
EXCEPTION_STATES: Final = ("open", "proposed", "approved", "released", "discarded")

# SQLite numbers rows by itself only for INTEGER primary keys.
RowId = BigInteger().with_variant(Integer, "sqlite")


def one_of(name: str, values: tuple[str, ...]) -> CheckConstraint:
    """A CHECK that the column `name` holds one of these texts."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{name} IN ({listed})", name=name)


inbox = Table(
    "inbox",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("source", String(200), nullable=False),
    Column("event_id", String(200), nullable=False),
    Column("type", String(100), nullable=False),
    Column("company", String(50), nullable=False),
    Column("document", String(200), nullable=False),
    Column("sequence", Integer),
    Column("event_time", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("correlation_id", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(100)),
    Column("queue", String(100)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("dispatches", Integer, nullable=False, server_default="0"),
    Column("due_at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Column("voucher", String(200)),
    UniqueConstraint("source", "event_id"),
    one_of("state", INBOX_STATES),
    Index("ix_inbox_document", "company", "document", "sequence"),
    Index(
        "ix_inbox_due", "due_at", sqlite_where=text("state = 'accepted'"), postgresql_where=text("state = 'accepted'")
    ),
    Index(
        "ix_inbox_unsettled",
        "state",
        sqlite_where=text("state IN ('accepted', 'parked', 'held', 'no_route')"),
        postgresql_where=text("state IN ('accepted', 'parked', 'held', 'no_route')"),
    ),
)

document = Table(
    "document",
    metadata,
    Column("company", String(50), nullable=False),
    Column("key", String(200), nullable=False),
    Column("next_sequence", Integer, nullable=False, server_default="1"),
    Column("withdrawn_at", BigInteger),
    Column("lease_owner", String(100)),
    Column("lease_token", String(40)),
    Column("lease_until", BigInteger),
    PrimaryKeyConstraint("company", "key"),
    Index("ix_document_lease_token", "lease_token"),
)

event_copy = Table(
    "event_copy",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("inbox_id", RowId, ForeignKey("inbox.id"), nullable=False),
    Column("channel", String(100), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", BigInteger),
    UniqueConstraint("inbox_id", "channel"),
    one_of("kind", ("publish", "tap")),
    one_of("state", ("pending", "published")),
    Index(
        "ix_event_copy_due",
        "due_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)

period = Table(
    "period",
    metadata,
    Column("company", String(50), nullable=False),
    Column("book", String(50), nullable=False),
    Column("name", String(7), nullable=False),
    Column("state", String(10), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("company", "book", "name"),
    one_of("state", ("open", "closed")),
)

voucher_counter = Table(
    "voucher_counter",
    metadata,
    Column("company", String(50), nullable=False),
    Column("book", String(50), nullable=False),
    Column("period", String(7), nullable=False),
    Column("word", String(20), nullable=False),
    Column("next_number", Integer, nullable=False),
    Column("head", String(64), nullable=False),
    PrimaryKeyConstraint("company", "book", "period", "word"),
)

journal_entry = Table(
    "journal_entry",
    metadata,
    Column("entry_id", String(32), primary_key=True),
    Column("inbox_id", RowId, ForeignKey("inbox.id"), nullable=False),
    Column("source", String(200), nullable=False),
    Column("event_id", String(200), nullable=False),
    Column("part", String(60), nullable=False),
    Column("company", String(50), nullable=False),
    Column("book", String(50), nullable=False),
    Column("period", String(7), nullable=False),
    Column("word", String(20), nullable=False),
    Column("number", Integer, nullable=False),
    Column("document", String(200), nullable=False),
    Column("event_type", String(100), nullable=False),
    Column("life_key", String(200), nullable=False),
    Column("accounting_date", String(10), nullable=False),
    Column("original_date", String(10), nullable=False),
    Column("rule", String(100), nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("pack_hash", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reverses", String(32), ForeignKey("journal_entry.entry_id")),
    Column("requires", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("booked_at", BigInteger, nullable=False),
    UniqueConstraint("source", "event_id", "book", "part"),
    UniqueConstraint("company", "book", "period", "word", "number"),
    # Partial: a full index would lure the planner into reading every entry that reverses nothing.
    Index(
        "uq_journal_entry_reverses",
        "reverses",
        unique=True,
        sqlite_where=text("reverses IS NOT NULL"),
        postgresql_where=text("reverses IS NOT NULL"),
    ),
    Index("ix_journal_entry_document", "document", "company"),
    Index("ix_journal_entry_inbox_id", "inbox_id"),
)

journal_line = Table(
    "journal_line",
    metadata,
    Column("entry_id", String(32), ForeignKey("journal_entry.entry_id"), nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("line_id", String(100), nullable=False),
    Column("side", String(6), nullable=False),
    Column("account", String(50), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("base_amount", BigInteger, nullable=False),
    Column("dims", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("explain", Text, nullable=False),
    PrimaryKeyConstraint("entry_id", "line_no"),
    one_of("side", ("debit", "credit")),
)

posting = Table(
    "posting",
    metadata,
    Column("posting_id", String(32), primary_key=True),
    Column("entry_id", String(32), ForeignKey("journal_entry.entry_id"), nullable=False),
    Column("target", String(50), nullable=False),
    Column("company", String(50), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", BigInteger),
    Column("lease_owner", String(100)),
    Column("lease_token", String(40)),
    Column("lease_until", BigInteger),
    Column("reference", String(200)),
    Column("code", String(50)),
    Column("message", Text),
    Column("settled_at", BigInteger),
    UniqueConstraint("entry_id", "target"),
    one_of("state", POSTING_STATES),
    # Who is at work on how many is asked every turn; postings that wait for their consumer may be millions.
    Index(
        "ix_posting_held",
        "lease_until",
        sqlite_where=text("lease_until IS NOT NULL"),
        postgresql_where=text("lease_until IS NOT NULL"),
    ),
    Index(
        "ix_posting_due",
        "due_at",
        sqlite_where=text("state IN ('pending', 'leased', 'sent')"),
        postgresql_where=text("state IN ('pending', 'leased', 'sent')"),
    ),
)

exception = Table(
    "exception",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("inbox_id", RowId, ForeignKey("inbox.id"), nullable=False),
    Column("posting_id", String(32), ForeignKey("posting.posting_id")),
    Column("code", String(50), nullable=False),
    Column("company", String(50), nullable=False),
    Column("document", String(200), nullable=False),
    Column("amount", BigInteger),
    Column("currency", String(3)),
    Column("cause", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("remedy", Text),
    Column("proposed_by", String(100)),
    Column("approved_by", String(100)),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    one_of("state", EXCEPTION_STATES),
    Index("ix_exception_inbox_id", "inbox_id"),
    Index(
        "ix_exception_open",
        "code",
        sqlite_where=text("state IN ('open', 'proposed', 'approved')"),
        postgresql_where=text("state IN ('open', 'proposed', 'approved')"),
    ),
)
# One live exception for one cause of one event, however often it is looked at again.
Index(
    "uq_exception_live",
    exception.c.inbox_id,
    exception.c.code,
    text("COALESCE(posting_id, '')"),
    unique=True,
    sqlite_where=text("state IN ('open', 'proposed', 'approved')"),
    postgresql_where=text("state IN ('open', 'proposed', 'approved')"),
)
