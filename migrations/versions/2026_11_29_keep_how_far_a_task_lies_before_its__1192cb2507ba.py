"""Keep how far a task lies before its deadline"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1192cb2507ba"
down_revision = "7c1d0f3be2a4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("working_days_before", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("calendar_days_before", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_task_one_distance"), "working_days_before IS NULL OR calendar_days_before IS NULL"
        )


def downgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_task_one_distance"), type_="check")
        batch_op.drop_column("calendar_days_before")
        batch_op.drop_column("working_days_before")
