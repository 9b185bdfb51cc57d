"""Postings that wait for their consumer are not in anybody's hands: those that are, are found without reading them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    held = sa.text("lease_until IS NOT NULL")
    op.create_index(
        "ix_posting_held", "posting", ["lease_until"], unique=False, sqlite_where=held, postgresql_where=held
    )
