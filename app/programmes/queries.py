"""Read programmes, funds and campaigns. There are tens of them, never thousands."""

from __future__ import annotations

from sqlalchemy import select

from app.documents.models import Document
from app.extensions import db
from app.programmes.models import Campaign, Fund, Programme


def active_programmes() -> list[Programme]:
    """Programmes in use, in the order the organisation gave them."""
    chosen = select(Programme).where(Programme.active).order_by(Programme.position, Programme.id)
    return list(db.session.execute(chosen).scalars())


def public_programmes() -> list[Programme]:
    """Programmes a donor may choose."""
    return [programme for programme in active_programmes() if programme.public]


def all_programmes() -> list[Programme]:
    ordered = select(Programme).order_by(Programme.active.desc(), Programme.position, Programme.id)
    return list(db.session.execute(ordered).scalars())


def all_funds() -> list[Fund]:
    return list(db.session.execute(select(Fund).order_by(Fund.active.desc(), Fund.name_nl, Fund.id)).scalars())


def all_campaigns() -> list[Campaign]:
    ordered = select(Campaign).order_by(Campaign.active.desc(), Campaign.starts_on.desc(), Campaign.id)
    return list(db.session.execute(ordered).scalars())


def active_campaigns() -> list[Campaign]:
    return [campaign for campaign in all_campaigns() if campaign.active]


def campaign_by_slug(slug: str) -> Campaign | None:
    return db.session.execute(select(Campaign).where(Campaign.slug == slug)).scalar()


def campaign_picture(document_id: int) -> tuple[Document, Campaign] | None:
    """The picture of a campaign, with the campaign; None for any other file."""
    found = db.session.execute(
        select(Document, Campaign)
        .join(Campaign, Campaign.picture_id == Document.id)
        .where(Document.id == document_id, Document.removed_at.is_(None))
    ).first()
    return (found[0], found[1]) if found else None


def programme_names(language: str) -> dict[int, str]:
    """Every programme's name by id, for tables."""
    return {programme.id: programme.name(language) for programme in all_programmes()}


def fund_names(language: str) -> dict[int, str]:
    return {fund.id: fund.name(language) for fund in all_funds()}


def campaign_names(language: str) -> dict[int, str]:
    return {campaign.id: campaign.name(language) for campaign in all_campaigns()}
