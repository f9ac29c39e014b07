"""End batches of which the bank refused all"""

from __future__ import annotations

from alembic import op

revision = "7c1d0f3be2a4"
down_revision = "4552f23bb86c"
branch_labels = None
depends_on = None

STATES = "'building', 'built', 'approved', 'exported', 'sent', 'booked', 'canceled'"
COLUMNS = (("debit_batch", "state"), ("debit_batch_change", '"before"'), ("debit_batch_change", '"after"'))


def upgrade() -> None:
    _allow(f"{STATES}, 'refused'")


def downgrade() -> None:
    # To who knows no refused batch it was cancelled: of neither any money came.
    for table, column in COLUMNS:
        op.execute(f"UPDATE {table} SET {column} = 'canceled' WHERE {column} = 'refused'")  # noqa: S608
    _allow(STATES)


def _allow(states: str) -> None:
    for table, column in COLUMNS:
        name = op.f(f"ck_{table}_{column.strip(chr(34))}_one_of")
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(name, type_="check")
            batch_op.create_check_constraint(name, f"{column} IN ({states})")
