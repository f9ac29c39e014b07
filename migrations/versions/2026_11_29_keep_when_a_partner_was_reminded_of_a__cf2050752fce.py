"""Keep when a partner was reminded of a sub-grant"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "cf2050752fce"
down_revision = "1192cb2507ba"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sub_grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reminded_on", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("sub_grant", schema=None) as batch_op:
        batch_op.drop_column("reminded_on")
