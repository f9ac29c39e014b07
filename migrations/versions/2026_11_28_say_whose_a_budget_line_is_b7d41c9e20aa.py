"""Say whose a budget line is"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b7d41c9e20aa"
down_revision = "d7c7d29d6069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("budget_row", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key(batch_op.f("fk_budget_row_partner_id"), "grant_partner", ["partner_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("budget_row", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_budget_row_partner_id"), type_="foreignkey")
        batch_op.drop_column("partner_id")
