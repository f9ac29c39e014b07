"""What supporters allowed and refused, with the proof, and sign-ups for news that wait for confirmation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, state_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled
from app.extensions import db
from app.vault.rotation import SealedColumn, declare_sealed


class Channel(Labelled):
    EMAIL = "email", N_("e-mail")
    PHONE = "phone", N_("phone")
    POST = "post", N_("post")
    SMS = "sms", N_("text message")


class Purpose(Labelled):
    """What for. Service mail (a thank-you, an announcement of a collection) needs no consent and is never recorded."""

    NEWS = "news", N_("news")
    FUNDRAISING = "fundraising", N_("asking for gifts")
    EVENTS = "events", N_("invitations")
    SERVICE = "service", N_("service messages")


class Basis(Labelled):
    CONSENT = "consent", N_("consent")
    RELATION = "relation", N_("existing relation")
    NONE = "none", N_("asked, not given")


class Consent(db.Model):
    """One answer for one channel and purpose. Answers are never changed, only withdrawn; the newest counts."""

    __tablename__ = "consent"
    __table_args__ = (
        Index("ix_consent_supporter", "supporter_id", "channel", "purpose", "given_at"),
        Index("ix_consent_audience", "channel", "purpose", "supporter_id"),
    )

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    channel: Mapped[Channel] = state_column(Channel)
    purpose: Mapped[Purpose] = state_column(Purpose)
    basis: Mapped[Basis] = state_column(Basis)
    source: Mapped[str] = text_column(40)
    text_version: Mapped[str] = text_column(60, default="")
    proof: Mapped[str] = text_column(1000, default="")
    given_at: Mapped[datetime] = instant_column()
    withdrawn_at: Mapped[datetime | None] = instant_column(nullable=True)
    withdrawn_source: Mapped[str] = text_column(40, default="")
    withdrawn_proof: Mapped[str] = text_column(500, default="")


class Objection(db.Model):
    """No contact along this channel: wins over every consent until it is lifted at the person's own request."""

    __tablename__ = "objection"
    __table_args__ = (Index("ix_objection_supporter", "supporter_id", "channel"),)

    id: Mapped[int] = id_column()
    supporter_id: Mapped[int] = reference_column("supporter.id", index=False)
    channel: Mapped[Channel] = state_column(Channel)
    source: Mapped[str] = text_column(40)
    proof: Mapped[str] = text_column(500, default="")
    made_at: Mapped[datetime] = instant_column()
    lifted_at: Mapped[datetime | None] = instant_column(nullable=True)
    lifted_proof: Mapped[str] = text_column(500, default="")


class NewsletterRequest(db.Model):
    """Somebody typed an address and must confirm it from the mailbox. No supporter until then; gone after 30 days."""

    __tablename__ = "newsletter_request"
    __table_args__ = (Index("ix_newsletter_request_requested_at", "requested_at"),)

    id: Mapped[int] = id_column()
    email_sealed: Mapped[bytes] = mapped_column(LargeBinary, nullable=False)
    email_lookup: Mapped[bytes] = mapped_column(LargeBinary(32), nullable=False, index=True)
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)
    language: Mapped[str] = text_column(2)
    source: Mapped[str] = text_column(40)
    text_version: Mapped[str] = text_column(60)
    asked_from: Mapped[str] = text_column(64, default="")
    requested_at: Mapped[datetime] = instant_column()
    confirmed_at: Mapped[datetime | None] = instant_column(nullable=True)


declare_sealed(
    SealedColumn("newsletter_request", "email_sealed", "newsletter-email:{id}"),
    SealedColumn("newsletter_request", "name_sealed", "newsletter-name:{id}"),
)
declare(
    Holding("consent", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Consents")),
    Holding("objection", "supporter_id", OnMerge.MOVE, OnErase.DELETE, label=N_("Objections")),
)
