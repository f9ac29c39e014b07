"""Keep totals without grants"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2b26d7796f4d"
down_revision = "db6ba19b6181"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_total",
        sa.Column("cell", sa.String(length=120), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "rj_line",
            sa.Enum(
                "individuals",
                "companies",
                "lotteries",
                "government",
                "affiliated",
                "non_profits",
                "goods_services",
                "other_income",
                "objectives",
                "raising_costs",
                "management",
                "financial",
                name="rjline",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("debit_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credit_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "rj_line IN ('individuals', 'companies', 'lotteries', 'government', 'affiliated', 'non_profits', 'goods_services', 'other_income', 'objectives', 'raising_costs', 'management', 'financial')",
            name=op.f("ck_ledger_total_rj_line_one_of"),
        ),
        sa.CheckConstraint(
            "credit_cents = CAST(credit_cents AS BIGINT)", name=op.f("ck_ledger_total_credit_cents_whole")
        ),
        sa.CheckConstraint("debit_cents = CAST(debit_cents AS BIGINT)", name=op.f("ck_ledger_total_debit_cents_whole")),
        sa.CheckConstraint("line_count = CAST(line_count AS BIGINT)", name=op.f("ck_ledger_total_line_count_whole")),
        sa.PrimaryKeyConstraint("cell", name=op.f("pk_ledger_total")),
    )
    with op.batch_alter_table("ledger_total", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_total_month", ["month"], unique=False)
    month = "strftime('%Y%m', month)" if op.get_bind().dialect.name == "sqlite" else "to_char(month, 'YYYYMM')"
    of = "coalesce(CAST(programme_id AS TEXT), '') || '/' || coalesce(rj_line, '')"
    filled = f"""
        INSERT INTO ledger_total
            (cell, month, account_id, programme_id, rj_line, debit_cents, credit_cents, line_count)
        SELECT {month} || '/' || account_id || '/' || {of},
            month, account_id, programme_id, rj_line, sum(debit_cents), sum(credit_cents), sum(line_count)
        FROM ledger_sum GROUP BY month, account_id, programme_id, rj_line
    """  # noqa: S608 (no input in it)
    op.execute(filled)


def downgrade() -> None:
    with op.batch_alter_table("ledger_total", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_total_month")

    op.drop_table("ledger_total")
