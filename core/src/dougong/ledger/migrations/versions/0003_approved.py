"""Deliveries keep the content that a second person has approved.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, where the first migration has not made the table with it."""
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("delivery")}
    if "approved" not in known:
        op.add_column("delivery", sa.Column("approved", sa.String(64)))


def downgrade() -> None:
    """Forget it: whatever is held is asked for anew."""
    op.drop_column("delivery", "approved")
