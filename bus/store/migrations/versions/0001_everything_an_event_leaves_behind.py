"""Everything an event leaves behind: inbox, documents, journal, postings, exceptions, and what people govern."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY: Final = ("journal_entry", "journal_line", "audit")

# INSERT OR REPLACE deletes the row that is in the way without firing a DELETE trigger, so SQLite looks for it first.
IN_THE_WAY: Final = {
    "journal_entry": """SELECT 1 FROM journal_entry WHERE entry_id = NEW.entry_id OR reverses = NEW.reverses
        OR (source = NEW.source AND event_id = NEW.event_id AND book = NEW.book AND part = NEW.part)
        OR (company = NEW.company AND book = NEW.book AND period = NEW.period AND word = NEW.word
            AND number = NEW.number)""",
    "journal_line": "SELECT 1 FROM journal_line WHERE entry_id = NEW.entry_id AND line_no = NEW.line_no",
    "audit": "SELECT 1 FROM audit WHERE id = NEW.id",
}


def upgrade() -> None:
    _create_audit()
    _create_budget()
    _create_document()
    _create_inbox()
    _create_period()
    _create_replay_job()
    _create_rule_pack()
    _create_voucher_counter()
    _create_budget_movement()
    _create_event_copy()
    _create_journal_entry()
    _create_journal_line()
    _create_posting()
    _create_exception()
    if op.get_bind().dialect.name == "sqlite":
        _refuse_changes_on_sqlite()
    else:
        _refuse_changes_on_postgresql()


def _refuse_changes_on_sqlite() -> None:
    for table in APPEND_ONLY:
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({IN_THE_WAY[table]}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _refuse_changes_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=50), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )


def _create_budget() -> None:
    op.create_table(
        "budget",
        sa.Column("company", sa.String(length=50), nullable=False),
        sa.Column("dept", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("actual", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tolerance", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("over", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("committed + actual <= budget + tolerance + over", name=op.f("ck_budget_not_oversold")),
        sa.PrimaryKeyConstraint("company", "dept", "subject", "period", name=op.f("pk_budget")),
    )


def _create_document() -> None:
    op.create_table(
        "document",
        sa.Column("company", sa.String(length=50), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("next_sequence", sa.Integer(), server_default="1", nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.String(length=100), nullable=True),
        sa.Column("lease_token", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("company", "key", name=op.f("pk_document")),
    )
    op.create_index("ix_document_lease_token", "document", ["lease_token"], unique=False)


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("company", sa.String(length=50), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("correlation_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=True),
        sa.Column("queue", sa.String(length=100), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dispatches", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("voucher", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "state IN ('accepted', 'booked', 'no_op', 'parked', 'held', 'no_route', 'discarded')",
            name=op.f("ck_inbox_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("source", "event_id", name=op.f("uq_inbox_source_event_id")),
    )
    op.create_index("ix_inbox_document", "inbox", ["company", "document", "sequence"], unique=False)
    op.create_index(
        "ix_inbox_due",
        "inbox",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'accepted'"),
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_index(
        "ix_inbox_unsettled",
        "inbox",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state IN ('accepted', 'parked', 'held', 'no_route')"),
        postgresql_where=sa.text("state IN ('accepted', 'parked', 'held', 'no_route')"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Every change of state writes the row anew: the payload stays where it is, out of line.
        op.execute("ALTER TABLE inbox ALTER COLUMN payload SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE inbox SET (toast_tuple_target = 512)")


def _create_period() -> None:
    op.create_table(
        "period",
        sa.Column("company", sa.String(length=50), nullable=False),
        sa.Column("book", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_period_state")),
        sa.PrimaryKeyConstraint("company", "book", "name", name=op.f("pk_period")),
    )


def _create_replay_job() -> None:
    op.create_table(
        "replay_job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("approver", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'running', 'finished', 'cancelled')", name=op.f("ck_replay_job_state")),
        sa.CheckConstraint("approver IS NULL OR approver <> actor", name=op.f("ck_replay_job_two_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay_job")),
    )


def _create_rule_pack() -> None:
    op.create_table(
        "rule_pack",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=True),
        sa.Column("approver", sa.String(length=100), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("effective_at", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "author IS NULL OR approver IS NULL OR author <> approver", name=op.f("ck_rule_pack_two_people")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_rule_pack")),
    )


def _create_voucher_counter() -> None:
    op.create_table(
        "voucher_counter",
        sa.Column("company", sa.String(length=50), nullable=False),
        sa.Column("book", sa.String(length=50), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("word", sa.String(length=20), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("company", "book", "period", "word", name=op.f("pk_voucher_counter")),
    )


def _create_budget_movement() -> None:
    op.create_table(
        "budget_movement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("inbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=50), nullable=False),
        sa.Column("dept", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("part", sa.String(length=60), nullable=False),
        sa.Column("effect", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("against", sa.String(length=200), nullable=True),
        sa.Column("explain", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("effect IN ('commit', 'consume', 'release')", name=op.f("ck_budget_movement_effect")),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_budget_movement_inbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_movement")),
        sa.UniqueConstraint(
            "source",
            "event_id",
            "company",
            "dept",
            "subject",
            "period",
            "part",
            name=op.f("uq_budget_movement_source_event_id_company_dept_subject_period_part"),
        ),
    )


def _create_event_copy() -> None:
    op.create_table(
        "event_copy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("inbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('publish', 'tap')", name=op.f("ck_event_copy_kind")),
        sa.CheckConstraint("state IN ('pending', 'published')", name=op.f("ck_event_copy_state")),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_event_copy_inbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_copy")),
        sa.UniqueConstraint("inbox_id", "channel", name=op.f("uq_event_copy_inbox_id_channel")),
    )
    op.create_index(
        "ix_event_copy_due",
        "event_copy",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )


def _create_journal_entry() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.Column("inbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("part", sa.String(length=60), nullable=False),
        sa.Column("company", sa.String(length=50), nullable=False),
        sa.Column("book", sa.String(length=50), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("word", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("event_type", sa.String(length=100), nullable=False),
        sa.Column("life_key", sa.String(length=200), nullable=False),
        sa.Column("accounting_date", sa.String(length=10), nullable=False),
        sa.Column("original_date", sa.String(length=10), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("pack_hash", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reverses", sa.String(length=32), nullable=True),
        sa.Column("requires", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_journal_entry_inbox_id")),
        sa.ForeignKeyConstraint(["reverses"], ["journal_entry.entry_id"], name=op.f("fk_journal_entry_reverses")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint(
            "company", "book", "period", "word", "number", name=op.f("uq_journal_entry_company_book_period_word_number")
        ),
        sa.UniqueConstraint(
            "source", "event_id", "book", "part", name=op.f("uq_journal_entry_source_event_id_book_part")
        ),
    )
    op.create_index("ix_journal_entry_document", "journal_entry", ["document", "company"], unique=False)
    op.create_index("ix_journal_entry_inbox_id", "journal_entry", ["inbox_id"], unique=False)
    reversing = sa.text("reverses IS NOT NULL")
    op.create_index(
        "uq_journal_entry_reverses",
        "journal_entry",
        ["reverses"],
        unique=True,
        sqlite_where=reversing,
        postgresql_where=reversing,
    )


def _create_journal_line() -> None:
    op.create_table(
        "journal_line",
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.String(length=100), nullable=False),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("account", sa.String(length=50), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base_amount", sa.BigInteger(), nullable=False),
        sa.Column("dims", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("explain", sa.Text(), nullable=False),
        sa.CheckConstraint("side IN ('debit', 'credit')", name=op.f("ck_journal_line_side")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.entry_id"], name=op.f("fk_journal_line_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "line_no", name=op.f("pk_journal_line")),
    )


def _create_posting() -> None:
    op.create_table(
        "posting",
        sa.Column("posting_id", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=50), nullable=False),
        sa.Column("company", sa.String(length=50), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.String(length=100), nullable=True),
        sa.Column("lease_token", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("code", sa.String(length=50), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'leased', 'sent', 'confirmed', 'rejected', 'in_doubt')", name=op.f("ck_posting_state")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.entry_id"], name=op.f("fk_posting_entry_id")),
        sa.PrimaryKeyConstraint("posting_id", name=op.f("pk_posting")),
        sa.UniqueConstraint("entry_id", "target", name=op.f("uq_posting_entry_id_target")),
    )
    op.create_index(
        "ix_posting_due",
        "posting",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('pending', 'leased', 'sent')"),
        postgresql_where=sa.text("state IN ('pending', 'leased', 'sent')"),
    )


def _create_exception() -> None:
    op.create_table(
        "exception",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("inbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("posting_id", sa.String(length=32), nullable=True),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("company", sa.String(length=50), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("proposed_by", sa.String(length=100), nullable=True),
        sa.Column("approved_by", sa.String(length=100), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'proposed', 'approved', 'released', 'discarded')", name=op.f("ck_exception_state")
        ),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_exception_inbox_id")),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.posting_id"], name=op.f("fk_exception_posting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception")),
    )
    op.create_index("ix_exception_inbox_id", "exception", ["inbox_id"], unique=False)
    op.create_index(
        "ix_exception_open",
        "exception",
        ["code"],
        unique=False,
        sqlite_where=sa.text("state IN ('open', 'proposed', 'approved')"),
        postgresql_where=sa.text("state IN ('open', 'proposed', 'approved')"),
    )
    live = sa.text("state IN ('open', 'proposed', 'approved')")
    op.create_index(
        "uq_exception_live",
        "exception",
        ["inbox_id", "code", sa.text("COALESCE(posting_id, '')")],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
