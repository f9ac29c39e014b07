"""Find what was typed in unpaid forms by its address"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c4a9e7d1f02b"
down_revision = "c6ed806d5626"
branch_labels = None
depends_on = None

TYPED = sa.text("details IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("checkout", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email_lookup", sa.LargeBinary(length=32), nullable=True))
        batch_op.create_index(
            "ix_checkout_email_lookup", ["email_lookup"], unique=False, sqlite_where=TYPED, postgresql_where=TYPED
        )


def downgrade() -> None:
    with op.batch_alter_table("checkout", schema=None) as batch_op:
        batch_op.drop_index("ix_checkout_email_lookup", sqlite_where=TYPED, postgresql_where=TYPED)
        batch_op.drop_column("email_lookup")
