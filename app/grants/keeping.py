"""A funder or a partner is no private matter: its record stays for as long as its grants are accounted for."""

from __future__ import annotations

from sqlalchemy import select

from app.base.holdings import Obstacle, declare_running
from app.base.states import N_
from app.extensions import db
from app.grants.funders.models import Funder
from app.grants.partners.models import GrantPartner


def running(supporter_id: int) -> list[Obstacle]:
    """What ties this record to grants."""
    found = []
    for funder_id in db.session.scalars(select(Funder.id).where(Funder.supporter_id == supporter_id)):
        text = N_("This is a funder: its record belongs to the account of its grants.")
        found.append(Obstacle(text, True, ("grants.funder", "funder_id", funder_id)))
    if db.session.scalars(select(GrantPartner.id).where(GrantPartner.supporter_id == supporter_id).limit(1)).first():
        found.append(Obstacle(N_("This is a partner in a grant: its record belongs to the account of it."), True))
    return found


def register() -> None:
    declare_running("grants", running)
