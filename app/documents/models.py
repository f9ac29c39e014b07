"""Stored files: who put them where. The content lies sealed on disk under its hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, reference_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled
from app.extensions import db


class DocumentKind(Labelled):
    """What people can say a document is. Rooms keep files under words of their own besides."""

    AGREEMENT = "agreement", N_("Agreement")
    AWARD = "award", N_("Award letter")
    REPORT = "report", N_("Report")
    LETTER = "letter", N_("Letter")
    BUDGET = "budget", N_("Budget")
    EVIDENCE = "evidence", N_("Evidence")
    PROOF = "proof", N_("Proof of submission")
    TEMPLATE = "template", N_("Template of the funder")
    WORK = "work", N_("Working file")
    PART = "part", N_("File of a partner")
    DECISION = "decision", N_("Decision of the board")
    OTHER = "other", N_("Something else")


CHOSEN = tuple(kind for kind in DocumentKind if kind is not DocumentKind.PART)


class Document(db.Model):
    """A file that belongs to a record (`subject_type`, `subject_id`). Removed ones stay until retention ends.

    A newer version is a row of its own that points at the first one; older ones know when they were replaced.
    """

    __tablename__ = "document"
    __table_args__ = (
        Index("ix_document_subject", "subject_type", "subject_id"),
        Index("ix_document_newest", "created_at", "id"),
        UniqueConstraint("first_id", "number"),
        CheckConstraint("(first_id IS NULL) = (number = 1)", name="first_is_number_one"),
    )

    id: Mapped[int] = id_column()
    subject_type: Mapped[str] = text_column(60)
    subject_id: Mapped[int] = mapped_column(Big, nullable=False)
    kind: Mapped[str] = text_column(40)
    filename: Mapped[str] = text_column(200)
    media_type: Mapped[str] = text_column(100)
    size: Mapped[int] = mapped_column(Big, nullable=False)
    sha256: Mapped[str] = text_column(64, index=True)
    created_at: Mapped[datetime] = instant_column()
    created_by_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    removed_at: Mapped[datetime | None] = instant_column(nullable=True)
    first_id: Mapped[int | None] = reference_column("document.id", nullable=True, index=False)  # empty: this is it
    number: Mapped[int] = mapped_column(default=1, server_default="1")
    replaced_at: Mapped[datetime | None] = instant_column(nullable=True)

    @property
    def family(self) -> int:
        """The id of the first version."""
        return self.first_id or self.id

    @property
    def is_shown(self) -> bool:
        """A picture or a PDF: browsers can show it."""
        return self.is_pdf or self.is_picture

    @property
    def is_pdf(self) -> bool:
        return self.media_type == "application/pdf"

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")


declare(
    Holding(
        "document",
        "subject_id",
        OnMerge.MOVE,
        OnErase.DELETE,
        label=N_("Documents"),
        where=("subject_type", "supporter"),
    )
)
