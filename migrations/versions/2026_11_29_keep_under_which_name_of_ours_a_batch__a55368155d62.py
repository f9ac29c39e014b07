"""Keep under which name of ours a batch was sent"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a55368155d62"
down_revision = "0646215dc47c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("debit_batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("creditor_name", sa.String(length=70), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("debit_batch", schema=None) as batch_op:
        batch_op.drop_column("creditor_name")
