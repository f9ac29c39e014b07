"""What a campaign raised."""

from __future__ import annotations

from sqlalchemy import func, select

from app.extensions import db
from app.gifts.models import HELD, Gift


def raised_by(campaign_id: int) -> tuple[int, int]:
    """Cents that came in and stayed, and in how many gifts: counted now, by the index of campaigns."""
    cents = func.coalesce(func.sum(Gift.amount_cents - Gift.refunded_cents), 0)
    kept = Gift.state.in_(HELD) & (Gift.amount_cents > Gift.refunded_cents)
    row = db.session.execute(select(cents, func.count()).where(Gift.campaign_id == campaign_id, kept)).one()
    return int(row[0]), int(row[1])
