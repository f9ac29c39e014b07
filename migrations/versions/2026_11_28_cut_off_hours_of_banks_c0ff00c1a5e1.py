"""Cut-off hours of banks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c0ff00c1a5e1"
down_revision = "51bfae75bbbe"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("bank_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cut_off", sa.Time(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("bank_account", schema=None) as batch_op:
        batch_op.drop_column("cut_off")
