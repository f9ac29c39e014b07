"""Keep ANBI publications"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "145a47ca6ca0"
down_revision = "1e133ddf52a8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anbi_publication",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "published", "replaced", name="publicationstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("cents", sa.JSON(), nullable=False),
        sa.Column("taken", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(state = 'draft') = (published_at IS NULL)", name=op.f("ck_anbi_publication_published_once")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'published', 'replaced')", name=op.f("ck_anbi_publication_state_one_of")
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_anbi_publication_revision_from_one")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["staff.id"], name=op.f("fk_anbi_publication_changed_by_id")),
        sa.ForeignKeyConstraint(["published_by_id"], ["staff.id"], name=op.f("fk_anbi_publication_published_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anbi_publication")),
        sa.UniqueConstraint("year", "revision", name=op.f("uq_anbi_publication_year")),
    )
    with op.batch_alter_table("anbi_publication", schema=None) as batch_op:
        batch_op.create_index(
            "uq_anbi_publication_draft",
            ["year"],
            unique=True,
            sqlite_where=sa.text("state = 'draft'"),
            postgresql_where=sa.text("state = 'draft'"),
        )
        batch_op.create_index(
            "uq_anbi_publication_published",
            ["year"],
            unique=True,
            sqlite_where=sa.text("state = 'published'"),
            postgresql_where=sa.text("state = 'published'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("anbi_publication", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_anbi_publication_published",
            sqlite_where=sa.text("state = 'published'"),
            postgresql_where=sa.text("state = 'published'"),
        )
        batch_op.drop_index(
            "uq_anbi_publication_draft",
            sqlite_where=sa.text("state = 'draft'"),
            postgresql_where=sa.text("state = 'draft'"),
        )

    op.drop_table("anbi_publication")
