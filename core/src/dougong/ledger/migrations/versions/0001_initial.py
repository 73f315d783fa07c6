"""The first schema: every table of contract.md §6, and triggers under the invariants that a constraint cannot say.

Revision ID: 0001
"""

from __future__ import annotations

from alembic import op

from dougong.ledger.schema import delivery, metadata
from dougong.ledger.states import FINAL

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL))
#: Whether its source was told of it is the one thing that is still noted on a final delivery.
_FACTS = ", ".join(column.name for column in delivery.columns if column.name != "told")

_SQLITE = (
    f"""CREATE TRIGGER delivery_final BEFORE UPDATE OF {_FACTS} ON delivery WHEN OLD.state IN ({_FINAL})
    BEGIN SELECT RAISE(ABORT, 'a final delivery does not change'); END""",
    """CREATE TRIGGER delivery_kept BEFORE DELETE ON delivery
    BEGIN SELECT RAISE(ABORT, 'deliveries are never deleted'); END""",
    "CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END",
    "CREATE TRIGGER audit_frozen BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows never change'); END",
    """CREATE TRIGGER attempt_frozen BEFORE UPDATE OF body, body_hash, request_id, connection ON attempt
    BEGIN SELECT RAISE(ABORT, 'what was frozen does not change'); END""",
)

_POSTGRESQL = (
    """CREATE FUNCTION dougong_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% on % is refused', TG_OP, TG_TABLE_NAME; END $$""",
    f"""CREATE TRIGGER delivery_final BEFORE UPDATE OF {_FACTS} ON delivery FOR EACH ROW WHEN (OLD.state IN ({_FINAL}))
    EXECUTE FUNCTION dougong_refuse()""",
    "CREATE TRIGGER delivery_kept BEFORE DELETE ON delivery FOR EACH ROW EXECUTE FUNCTION dougong_refuse()",
    "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION dougong_refuse()",
    """CREATE TRIGGER attempt_frozen BEFORE UPDATE OF body, body_hash, request_id, connection ON attempt FOR EACH ROW
    EXECUTE FUNCTION dougong_refuse()""",
)


def upgrade() -> None:
    """Create everything."""
    bind = op.get_bind()
    metadata.create_all(bind)
    for statement in {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}.get(bind.dialect.name, ()):
        op.execute(statement)


def downgrade() -> None:
    """Drop everything."""
    metadata.drop_all(op.get_bind())
