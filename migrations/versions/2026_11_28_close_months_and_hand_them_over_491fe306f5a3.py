"""Close months and hand them over"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "491fe306f5a3"
down_revision = "1b669305abdd"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hand_over",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column(
            "layout",
            sa.Enum("csv", "exact", "twinfield", "xaf-3.2", "xaf-4.0", name="layout", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("after_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("debit_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "(taken_back_at IS NULL) = (reason = '')", name=op.f("ck_hand_over_taken_back_for_a_reason")
        ),
        sa.CheckConstraint(
            "layout IN ('csv', 'exact', 'twinfield', 'xaf-3.2', 'xaf-4.0')", name=op.f("ck_hand_over_layout_one_of")
        ),
        sa.CheckConstraint("debit_cents = CAST(debit_cents AS BIGINT)", name=op.f("ck_hand_over_debit_cents_whole")),
        sa.CheckConstraint("line_total > 0", name=op.f("ck_hand_over_holds_something")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
    )
    with op.batch_alter_table("hand_over", schema=None) as batch_op:
        batch_op.create_index(
            "uq_hand_over_part",
            ["month", "after_entry_id"],
            unique=True,
            sqlite_where=sa.text("taken_back_at IS NULL"),
            postgresql_where=sa.text("taken_back_at IS NULL"),
        )

    op.create_table(
        "layout_profile",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "layout",
            sa.Enum("csv", "exact", "twinfield", "xaf-3.2", "xaf-4.0", name="layout", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("journal_code", sa.String(length=20), nullable=False),
        sa.Column("office_code", sa.String(length=20), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("tested_on", sa.Date(), nullable=True),
        sa.Column("tested_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tested_note", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "(tested_on IS NULL) = (tested_note = '')", name=op.f("ck_layout_profile_tested_with_a_note")
        ),
        sa.CheckConstraint(
            "layout IN ('csv', 'exact', 'twinfield', 'xaf-3.2', 'xaf-4.0')",
            name=op.f("ck_layout_profile_layout_one_of"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layout_profile")),
        sa.UniqueConstraint("layout", name=op.f("uq_layout_profile_layout")),
    )
    op.create_table(
        "period_closing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lines", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("debit_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "(reopened_at IS NULL) = (reason = '')", name=op.f("ck_period_closing_reopened_for_a_reason")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_closing")),
        sa.UniqueConstraint("month", "number", name=op.f("uq_period_closing_month")),
    )
    with op.batch_alter_table("ledger_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outside_code", sa.String(length=20), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("ledger_account", schema=None) as batch_op:
        batch_op.drop_column("outside_code")

    op.drop_table("period_closing")
    op.drop_table("layout_profile")
    with op.batch_alter_table("hand_over", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_hand_over_part",
            sqlite_where=sa.text("taken_back_at IS NULL"),
            postgresql_where=sa.text("taken_back_at IS NULL"),
        )

    op.drop_table("hand_over")
