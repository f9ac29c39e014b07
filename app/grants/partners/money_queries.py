"""Reading sub-grants: one, those of a partner, their instalments and what partners owe us for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.base.errors import NotFound
from app.base.states import N_
from app.documents.models import Document
from app.extensions import db
from app.grants.awards.models import Grant, GrantState
from app.grants.funders.models import Funder
from app.grants.partners.due import TO_DELIVER
from app.grants.partners.models import (
    Booking,
    GrantPartner,
    PassOnState,
    SubGrant,
    SubGrantDuty,
    SubGrantDutyMove,
    SubGrantInstalment,
    SubGrantPayment,
    SubGrantState,
)
from app.supporters.models import Supporter

_partner = aliased(Supporter)


@dataclass(frozen=True, slots=True)
class SubGrantLine:
    """A sub-grant as lists show it, in cents. `owed`: booked and not paid yet."""

    id: int
    partner_id: int
    partner: str
    title: str
    booking: Booking
    state: SubGrantState
    amount_cents: int
    planned_cents: int
    owed_cents: int
    paid_cents: int


def of_grant(grant_id: int) -> list[SubGrantLine]:
    """The sub-grants of a grant, by partner: one statement."""
    part = SubGrantInstalment
    rows = db.session.execute(
        select(
            SubGrant.id, SubGrant.partner_id, Supporter.display_name, SubGrant.title, SubGrant.booking, SubGrant.state,
            SubGrant.amount_cents,
            func.coalesce(func.sum(part.amount_cents).filter(part.state != PassOnState.CANCELLED), 0),
            func.coalesce(func.sum(part.booked_cents).filter(part.state == PassOnState.OWED), 0),
            func.coalesce(func.sum(part.booked_cents).filter(part.state == PassOnState.PAID), 0),
        )
        .join(GrantPartner, GrantPartner.id == SubGrant.partner_id)
        .join(Supporter, Supporter.id == GrantPartner.supporter_id)
        .outerjoin(part, part.sub_grant_id == SubGrant.id)
        .where(GrantPartner.grant_id == grant_id)
        .group_by(SubGrant.id, Supporter.display_name)
        .order_by(Supporter.display_name, SubGrant.id)
    )  # fmt: skip
    return [SubGrantLine(*row[:7], *(int(cents) for cents in row[7:])) for row in rows]


def one(sub_grant_id: int) -> tuple[SubGrant, GrantPartner, str]:
    """The sub-grant, its partner, and the partner's name; or NotFound."""
    found = db.session.execute(
        select(SubGrant, GrantPartner, Supporter.display_name)
        .join(GrantPartner, GrantPartner.id == SubGrant.partner_id)
        .join(Supporter, Supporter.id == GrantPartner.supporter_id)
        .where(SubGrant.id == sub_grant_id)
    ).first()
    if found is None:
        raise NotFound(N_("This is not here, or not any more."))
    return found[0], found[1], found[2]


def instalments(sub_grant_id: int) -> list[SubGrantInstalment]:
    chosen = select(SubGrantInstalment).where(SubGrantInstalment.sub_grant_id == sub_grant_id)
    return list(db.session.execute(chosen.order_by(SubGrantInstalment.due_on, SubGrantInstalment.id)).scalars())


def instalment(instalment_id: int) -> SubGrantInstalment:
    row = db.session.get(SubGrantInstalment, instalment_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row


def duties(sub_grant_id: int) -> list[SubGrantDuty]:
    chosen = select(SubGrantDuty).where(SubGrantDuty.sub_grant_id == sub_grant_id)
    return list(db.session.execute(chosen.order_by(SubGrantDuty.due_on, SubGrantDuty.id)).scalars())


def duty(duty_id: int) -> SubGrantDuty:
    row = db.session.get(SubGrantDuty, duty_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row


FILES_OF = "sub_grant_duty"  # the kind of record that the files of a duty belong to


@dataclass(frozen=True, slots=True)
class About:
    """A sub-grant in the partner's words. `asks`: it is agreed and its grant still runs."""

    title: str
    partner: str
    grant: str
    funder: str
    asks: bool


def about(sub_grant_id: int) -> About:
    """Raises NotFound."""
    found = db.session.execute(
        select(SubGrant.title, _partner.display_name, Grant.title, Supporter.display_name, SubGrant.state, Grant.state)
        .join(GrantPartner, GrantPartner.id == SubGrant.partner_id)
        .join(_partner, _partner.id == GrantPartner.supporter_id)
        .join(Grant, Grant.id == GrantPartner.grant_id)
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(SubGrant.id == sub_grant_id)
    ).first()
    if found is None:
        raise NotFound(N_("This is not here, or not any more."))
    title, partner, grant, funder, state, runs = found
    asks = state is SubGrantState.AGREED and runs is not GrantState.CLOSED
    return About(title, partner, grant, funder, asks)


def files_of(duty_ids: Iterable[int]) -> dict[int, list[Document]]:
    """The files that were handed over with each duty, in their order."""
    chosen = select(Document).where(Document.subject_type == FILES_OF, Document.subject_id.in_(list(duty_ids)))
    found: dict[int, list[Document]] = {}
    for row in db.session.execute(chosen.where(Document.removed_at.is_(None)).order_by(Document.id)).scalars():
        found.setdefault(row.subject_id, []).append(row)
    return found


def moves_of(duty_id: int, limit: int = 40) -> list[SubGrantDutyMove]:
    """What happened to a duty, newest first."""
    move = SubGrantDutyMove
    chosen = select(move).where(move.duty_id == duty_id).order_by(move.at.desc(), move.id.desc())
    return list(db.session.execute(chosen.limit(limit)).scalars())


def payments(instalment_ids: Iterable[int]) -> dict[int, list[SubGrantPayment]]:
    """What was paid on each instalment, taken back ones included."""
    chosen = select(SubGrantPayment).where(SubGrantPayment.instalment_id.in_(list(instalment_ids)))
    found: dict[int, list[SubGrantPayment]] = {}
    for row in db.session.execute(chosen.order_by(SubGrantPayment.recorded_at)).scalars():
        found.setdefault(row.instalment_id, []).append(row)
    return found


def is_late(row: SubGrantDuty, today: date) -> bool:
    """Theirs to deliver after the day it was due."""
    return row.state in TO_DELIVER and row.due_on < today
