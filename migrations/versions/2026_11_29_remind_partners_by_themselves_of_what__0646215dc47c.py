"""Remind partners by themselves of what they owe us"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0646215dc47c"
down_revision = "7b2263a68ebf"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sub_grant_duty_reminder",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("duty_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["duty_id"], ["sub_grant_duty.id"], name=op.f("fk_sub_grant_duty_reminder_duty_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sub_grant_duty_reminder")),
        sa.UniqueConstraint("duty_id", "due_on", "mark", name=op.f("uq_sub_grant_duty_reminder_duty_id")),
    )


def downgrade() -> None:
    op.drop_table("sub_grant_duty_reminder")
