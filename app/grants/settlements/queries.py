"""Read what was paid back to funders."""

from __future__ import annotations

from sqlalchemy import select

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.grants.settlements.models import Repayment, Settlement


def repayments(grant_id: int) -> list[Repayment]:
    """Everything paid back on a grant, what was taken back too, oldest first."""
    chosen = select(Repayment).join(Settlement, Settlement.id == Repayment.settlement_id)
    ordered = chosen.where(Settlement.grant_id == grant_id).order_by(Repayment.paid_on, Repayment.id)
    return list(db.session.execute(ordered).scalars())


def repayment(repayment_id: int) -> tuple[Repayment, int]:
    """A repayment and the grant it belongs to."""
    chosen = select(Repayment, Settlement.grant_id).join(Settlement, Settlement.id == Repayment.settlement_id)
    found = db.session.execute(chosen.where(Repayment.id == repayment_id)).first()
    if found is None:
        raise NotFound(N_("This is not here, or not any more."))
    return found[0], found[1]
