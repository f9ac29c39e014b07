"""Give funds an account"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "d7c7d29d6069"
down_revision = "6a7f5c03fde2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("fund", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_unique_constraint(batch_op.f("uq_fund_account_id"), ["account_id"])
        batch_op.create_foreign_key(batch_op.f("fk_fund_account_id"), "ledger_account", ["account_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("fund", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_fund_account_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_fund_account_id"), type_="unique")
        batch_op.drop_column("account_id")
