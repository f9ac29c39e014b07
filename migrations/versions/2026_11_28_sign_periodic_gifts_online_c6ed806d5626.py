"""Sign periodic gifts online"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c6ed806d5626"
down_revision = "814acd54f482"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signing_approval",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("adviser", sa.String(length=160), nullable=False),
        sa.Column("firm", sa.String(length=160), nullable=False),
        sa.Column("scope", sa.String(length=1000), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "withdrawn_by_id IS NULL OR withdrawn_at IS NOT NULL", name=op.f("ck_signing_approval_withdrawn_by_at")
        ),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff.id"], name=op.f("fk_signing_approval_recorded_by_id")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["staff.id"], name=op.f("fk_signing_approval_withdrawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_approval")),
    )
    op.create_table(
        "periodic_signing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("agreement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("supporter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("approval_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum("offered", "signed", "done", "over", name="signingstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("code_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code_tries", sa.SmallInteger(), nullable=False),
        sa.Column("typed_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("donor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("donor_name", sa.String(length=300), nullable=True),
        sa.Column("donor_mailbox", sa.String(length=254), nullable=True),
        sa.Column("donor_browser", sa.String(length=80), nullable=True),
        sa.Column("consent", sa.String(length=1000), nullable=True),
        sa.Column("charity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("charity_staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("signed_sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "state <> 'done' OR signed_sha256 IS NOT NULL", name=op.f("ck_periodic_signing_both_in_one_copy")
        ),
        sa.CheckConstraint(
            "state IN ('offered', 'signed', 'done', 'over')", name=op.f("ck_periodic_signing_state_one_of")
        ),
        sa.CheckConstraint(
            "state NOT IN ('signed', 'done') OR donor_at IS NOT NULL", name=op.f("ck_periodic_signing_donor_signed_at")
        ),
        sa.CheckConstraint(
            "(code_hash IS NULL) = (code_until IS NULL)", name=op.f("ck_periodic_signing_code_until_when")
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["periodic_agreement.id"], name=op.f("fk_periodic_signing_agreement_id")
        ),
        sa.ForeignKeyConstraint(["approval_id"], ["signing_approval.id"], name=op.f("fk_periodic_signing_approval_id")),
        sa.ForeignKeyConstraint(["charity_staff_id"], ["staff.id"], name=op.f("fk_periodic_signing_charity_staff_id")),
        sa.ForeignKeyConstraint(["supporter_id"], ["supporter.id"], name=op.f("fk_periodic_signing_supporter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_periodic_signing")),
    )
    with op.batch_alter_table("periodic_signing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_periodic_signing_agreement_id"), ["agreement_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_periodic_signing_supporter_id"), ["supporter_id"], unique=False)

    # What stood there never let anybody sign, and its advice was not kept: it is history, not an approval.
    op.execute(
        "INSERT INTO signing_approval (id, approved_on, adviser, firm, scope, recorded_at, withdrawn_at) "
        "SELECT id, online_signing_on, online_signing_by, '', '', changed_at, changed_at FROM organisation "
        "WHERE online_signing_on IS NOT NULL"
    )
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_organisation_online_signing_approved_by_somebody"), type_="check")
        batch_op.drop_column("online_signing_by")
        batch_op.drop_column("online_signing_on")


def downgrade() -> None:
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("online_signing_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("online_signing_by", sa.String(length=160), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_organisation_online_signing_approved_by_somebody"),
            "(online_signing_on IS NULL) = (online_signing_by IS NULL)",
        )
    newest = "FROM signing_approval WHERE withdrawn_at IS NULL OR scope = '' ORDER BY recorded_at DESC LIMIT 1"
    op.execute(
        f"UPDATE organisation SET online_signing_on = (SELECT approved_on {newest}), "  # noqa: S608
        f"online_signing_by = (SELECT adviser {newest})"
    )

    with op.batch_alter_table("periodic_signing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_periodic_signing_supporter_id"))
        batch_op.drop_index(batch_op.f("ix_periodic_signing_agreement_id"))

    op.drop_table("periodic_signing")
    op.drop_table("signing_approval")
