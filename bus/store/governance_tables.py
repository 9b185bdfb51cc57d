"""Tables of what people govern: budgets, rule packs, replays, and the audit trail."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bus.store.tables import RowId, metadata, one_of

budget = Table(
    "budget",
    metadata,
    Column("company", String(50), nullable=False),
    Column("dept", String(100), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("period", String(10), nullable=False),
    Column("version", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("budget", BigInteger, nullable=False),
    Column("committed", BigInteger, nullable=False, server_default="0"),
    Column("actual", BigInteger, nullable=False, server_default="0"),
    Column("tolerance", BigInteger, nullable=False, server_default="0"),
    Column("over", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("company", "dept", "subject", "period"),
    CheckConstraint("committed + actual <= budget + tolerance + over", name="not_oversold"),
)

budget_movement = Table(
    "budget_movement",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("inbox_id", RowId, ForeignKey("inbox.id"), nullable=False),
    Column("source", String(200), nullable=False),
    Column("event_id", String(200), nullable=False),
    Column("company", String(50), nullable=False),
    Column("dept", String(100), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("period", String(10), nullable=False),
    Column("part", String(60), nullable=False),
    Column("effect", String(10), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("against", String(200)),
    Column("explain", Text, nullable=False),
    Column("moved_at", BigInteger, nullable=False),
    UniqueConstraint("source", "event_id", "company", "dept", "subject", "period", "part"),
    one_of("effect", ("commit", "consume", "release")),
)

rule_pack = Table(
    "rule_pack",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("content", Text, nullable=False),
    Column("author", String(100)),
    Column("approver", String(100)),
    Column("evidence", Text),
    Column("effective_at", BigInteger),
    Column("recorded_at", BigInteger, nullable=False),
    CheckConstraint("author IS NULL OR approver IS NULL OR author <> approver", name="two_people"),
)

replay_job = Table(
    "replay_job",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("actor", String(100), nullable=False),
    Column("approver", String(100)),
    Column("reason", Text, nullable=False),
    Column("selection", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("total", Integer, nullable=False),
    Column("finished", Integer, nullable=False, server_default="0"),
    Column("created_at", BigInteger, nullable=False),
    one_of("state", ("open", "running", "finished", "cancelled")),
    CheckConstraint("approver IS NULL OR approver <> actor", name="two_people"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(50), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", Text, nullable=False),
)
