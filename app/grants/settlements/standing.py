"""Whether a grant is settled: asked by whatever still wants to change its money."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from app.base.errors import Refused
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.settlements.models import Settlement

# In a statement about grants: the grant of the row has a settlement that stands.
IS_SETTLED: ColumnElement[bool] = (
    select(Settlement.id).where(Settlement.grant_id == Grant.id, Settlement.reversed_at.is_(None)).exists()
)


def standing(grant_id: int) -> Settlement | None:
    """The settlement that stands for this grant, if any."""
    chosen = select(Settlement).where(Settlement.grant_id == grant_id, Settlement.reversed_at.is_(None))
    return db.session.execute(chosen).scalars().first()


def refuse_settled(grant_id: int) -> None:
    """Nothing of a settled grant changes but by taking the settlement back."""
    if standing(grant_id) is not None:
        raise Refused(N_("The funder settled this grant. Take the settlement back first."))
