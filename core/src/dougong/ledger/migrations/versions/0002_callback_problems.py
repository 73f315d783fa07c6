"""Callbacks that could not be read keep why, so that people see them.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, where the first migration has not made the table with it."""
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("inbox")}
    if "problems" not in known:
        op.add_column("inbox", sa.Column("problems", sa.Text, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Forget why."""
    op.drop_column("inbox", "problems")
