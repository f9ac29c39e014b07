"""Know under which identifier mandates came"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0c7b2e94d615"
down_revision = "3be0d61c95f2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("creditor_before", sa.String(length=35), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.drop_column("creditor_before")
