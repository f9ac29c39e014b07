"""Set how matching books and say why no collection file was made"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "6a7f5c03fde2"
down_revision = "966a0a8bb804"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bank_matching",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("only", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint('"only" = 1', name=op.f("ck_bank_matching_only_one")),
        sa.CheckConstraint("threshold BETWEEN 80 AND 100", name=op.f("ck_bank_matching_threshold_within")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_matching")),
        sa.UniqueConstraint("only", name=op.f("uq_bank_matching_only")),
    )
    with op.batch_alter_table("bank_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))

    with op.batch_alter_table("debit_batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("trouble", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("debit_batch", schema=None) as batch_op:
        batch_op.drop_column("trouble")

    with op.batch_alter_table("bank_rule", schema=None) as batch_op:
        batch_op.drop_column("active")

    op.drop_table("bank_matching")
