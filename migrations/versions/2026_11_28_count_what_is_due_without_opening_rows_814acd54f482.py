"""Count what is due without opening rows"""

from __future__ import annotations

from alembic import op

revision = "814acd54f482"
down_revision = "2b26d7796f4d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("obligation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_obligation_open"))
        batch_op.create_index("ix_obligation_open", ["state", "due_on", "grant_id", "application_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("obligation", schema=None) as batch_op:
        batch_op.drop_index("ix_obligation_open")
        batch_op.create_index(batch_op.f("ix_obligation_open"), ["state", "due_on"], unique=False)
