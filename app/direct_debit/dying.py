"""Mandates end with the death of who gave them, and are valid again where that was noted by mistake."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from app.base.actor import system
from app.base.events import Event, on
from app.base.works import Payload, periodic
from app.direct_debit import mandates
from app.direct_debit.keeping import VALID
from app.direct_debit.models import Mandate, MandateChange
from app.direct_debit.states import MandateState
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.privacy.events import SupportersRejoined
from app.supporters.events import SupportersAlive, SupportersDied
from app.supporters.models import Supporter

DIED = "the donor has died"
MISTAKE = "the death was noted by mistake"
_PIECE = 100


@on(SupportersDied)
def end(event: SupportersDied) -> None:
    """Nobody may collect by these any more."""
    valid = Mandate.supporter_id.in_(event.ids) & Mandate.state.in_(VALID)
    ids = db.session.scalars(select(Mandate.id).where(valid)).all()
    mandates.move(ids, MandateState.REVOKED, DIED, actor=event.actor, now=event.at)


@on(SupportersAlive)
def go_on(event: SupportersAlive) -> None:
    """The death was noted by mistake."""
    _give_back(event)


@on(SupportersRejoined)
def came_apart(event: SupportersRejoined) -> None:
    """A merge with somebody who died was undone."""
    _give_back(event)


def _give_back(event: Event) -> None:
    """Of who is alive, what ended by the death alone is as it was before: valid or suspended. What never was valid
    stays ended, and so do the gifts: somebody begins those anew."""
    living = select(Supporter.id).where(Supporter.id.in_(event.ids), Supporter.is_deceased.is_(False))
    newest = select(func.max(MandateChange.id)).join(Mandate, Mandate.id == MandateChange.mandate_id)
    newest = newest.where(Mandate.supporter_id.in_(living)).group_by(MandateChange.mandate_id)
    ended = select(MandateChange.mandate_id, MandateChange.before).where(
        MandateChange.id.in_(newest), MandateChange.after == MandateState.REVOKED, MandateChange.reason == DIED
    )
    before = {row.mandate_id: row.before for row in db.session.execute(ended)}
    for state in (MandateState.ACTIVE, MandateState.SUSPENDED):
        ids = [mandate_id for mandate_id, was in before.items() if was is state]
        mandates.move(ids, state, MISTAKE, actor=event.actor, now=event.at, back=True)


@periodic("direct_debit.end_for_dead", every=timedelta(hours=6))
def end_for_dead(_: Payload) -> None:
    """End what is still valid of the dead, such as after two records became one."""
    left = (
        select(Mandate.id)
        .join(Supporter, Supporter.id == Mandate.supporter_id)
        .where(Supporter.is_deceased, Mandate.state.in_(VALID))
        .limit(_PIECE)
    )
    while True:
        with writing_in_bulk() as session:
            ids = session.scalars(left).all()
            mandates.move(ids, MandateState.REVOKED, DIED, actor=system("direct debit"), now=now())
        if len(ids) < _PIECE:
            return
