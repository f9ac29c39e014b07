"""Count rows of a sheet of expenses that lie outside the period of the grant"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3be0d61c95f2"
down_revision = "5e8d41c7a903"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("expense_import", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outside", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("expense_import", schema=None) as batch_op:
        batch_op.drop_column("outside")
