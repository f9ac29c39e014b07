"""Give partners a page for what they owe us for a sub-grant"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "540516f93894"
down_revision = "cf2050752fce"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("part_task", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("sub_grant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.alter_column("obligation_id", existing_type=sa.BigInteger(), nullable=True)
        batch_op.create_unique_constraint(op.f("uq_part_task_sub_grant_id"), ["sub_grant_id"])
        batch_op.create_foreign_key(op.f("fk_part_task_sub_grant_id"), "sub_grant", ["sub_grant_id"], ["id"])
        batch_op.create_check_constraint(
            op.f("ck_part_task_of_one_thing"), "(obligation_id IS NULL) <> (sub_grant_id IS NULL)"
        )
    with op.batch_alter_table("sub_grant_duty", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.String(length=2000), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("sub_grant_duty", schema=None) as batch_op:
        batch_op.drop_column("note")
    # Their links open nothing any more: a page for sub-grants is not there before this.
    for table in ("part_code", "part_device"):
        of_sub_grants = "SELECT id FROM part_task WHERE sub_grant_id IS NOT NULL"
        op.execute(f"DELETE FROM {table} WHERE task_id IN ({of_sub_grants})")  # noqa: S608 (no input in it)
    op.execute("DELETE FROM part_task WHERE sub_grant_id IS NOT NULL")
    with op.batch_alter_table("part_task", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_part_task_of_one_thing"), type_="check")
        batch_op.drop_constraint(op.f("fk_part_task_sub_grant_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("uq_part_task_sub_grant_id"), type_="unique")
        batch_op.alter_column("obligation_id", existing_type=sa.BigInteger(), nullable=False)
        batch_op.drop_column("sub_grant_id")
