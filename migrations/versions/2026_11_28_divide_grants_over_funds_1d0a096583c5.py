"""Divide grants over funds"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1d0a096583c5"
down_revision = "8252d90eed27"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "grant_allocation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("grant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("basis_points", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(cents IS NULL) <> (basis_points IS NULL)", name=op.f("ck_grant_allocation_amount_or_share")
        ),
        sa.CheckConstraint("(fund_id IS NULL) <> (programme_id IS NULL)", name=op.f("ck_grant_allocation_one_purpose")),
        sa.CheckConstraint("basis_points BETWEEN 1 AND 10000", name=op.f("ck_grant_allocation_basis_points_range")),
        sa.CheckConstraint("cents = CAST(cents AS BIGINT)", name=op.f("ck_grant_allocation_cents_whole")),
        sa.CheckConstraint("cents > 0", name=op.f("ck_grant_allocation_cents_positive")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_grant_allocation_fund_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["grant_award.id"], name=op.f("fk_grant_allocation_grant_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_grant_allocation_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_allocation")),
        sa.UniqueConstraint("grant_id", "fund_id", name=op.f("uq_grant_allocation_fund")),
        sa.UniqueConstraint("grant_id", "programme_id", name=op.f("uq_grant_allocation_programme")),
    )


def downgrade() -> None:
    op.drop_table("grant_allocation")
