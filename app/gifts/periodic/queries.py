"""Reading agreements: the list, those behind, and what binds a recurring gift."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import case, func, select

from app.base.errors import NotFound
from app.base.money import format_money
from app.base.states import N_
from app.extensions import db
from app.gifts.periodic.models import Agreement, AgreementState, AgreementStep
from app.gifts.recurring.models import Commitment, CommitmentAmount
from app.gifts.recurring.states import CommitmentState
from app.supporters.models import Supporter

_BINDS = (AgreementState.SIGNED, AgreementState.ACTIVE)
WATCH_FROM_MONTH = 11  # from November on the running year is looked at as well


def get(agreement_id: int) -> Agreement:
    """The agreement, or NotFound."""
    row = db.session.get(Agreement, agreement_id)
    if row is None:
        raise NotFound(N_("This agreement does not exist."))
    return row


def listing(state: str) -> Any:
    """Agreements with their donors' names, to be paged."""
    rows = select(Agreement, Supporter.display_name).join(Supporter, Supporter.id == Agreement.supporter_id)
    return rows.where(Agreement.state == state) if state else rows


def of_supporter(supporter_id: int) -> list[Agreement]:
    rows = select(Agreement).where(Agreement.supporter_id == supporter_id).order_by(Agreement.id.desc()).limit(20)
    return list(db.session.execute(rows).scalars())


def steps_of(agreement_id: int) -> list[AgreementStep]:
    """What happened to it, newest first."""
    rows = select(AgreementStep).where(AgreementStep.agreement_id == agreement_id).order_by(AgreementStep.id.desc())
    return list(db.session.execute(rows).scalars())


def bound_by(commitment_ids: Collection[int]) -> dict[int, Agreement]:
    """The signed agreement that each of these recurring gifts pays. Whoever lowers, pauses or skips
    one first says what that does to the donor's tax: the yearly amount must stay equal. Of one and its
    renewal the earlier one."""
    rows = (
        select(Agreement)
        .where(Agreement.commitment_id.in_(set(commitment_ids)), Agreement.state.in_(_BINDS))
        .order_by(Agreement.first_year.desc(), Agreement.id.desc())
    )
    return {a.commitment_id: a for a in db.session.execute(rows).scalars() if a.commitment_id}


def commitments_of(supporter_id: int, language: str) -> list[tuple[int, str]]:
    """(id, what people call it) of the recurring gifts that can pay an agreement."""
    amount = (
        select(CommitmentAmount.cents)
        .where(CommitmentAmount.commitment_id == Commitment.id)
        .order_by(CommitmentAmount.from_on.desc(), CommitmentAmount.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Commitment, amount)
        .where(Commitment.supporter_id == supporter_id, Commitment.state != CommitmentState.ENDED)
        .order_by(Commitment.id)
    )
    return [(each.id, f"{_(each.frequency.label)}, {format_money(int(cents or 0), language)}") for each, cents in rows]


def watched_year(today: date) -> int:
    """The year whose payments are compared: the last whole one, and near its end the running one."""
    return today.year if today.month >= WATCH_FROM_MONTH else today.year - 1


def numbers(ids: Collection[int]) -> dict[int, str]:
    """What the trail and tasks call an agreement: the donor's name."""
    rows = (
        select(Agreement.id, Supporter.display_name)
        .join(Supporter, Supporter.id == Agreement.supporter_id)
        .where(Agreement.id.in_(set(ids)))
    )
    return dict(db.session.execute(rows).all())


def waiting(*, limit: int = 50) -> list[tuple[Agreement, str, date]]:
    """What waits for a signature, with the donor's name and since when: first what only we have to sign."""
    since = select(func.max(AgreementStep.on_date)).where(AgreementStep.agreement_id == Agreement.id).scalar_subquery()
    rows = (
        select(Agreement, Supporter.display_name, since)
        .join(Supporter, Supporter.id == Agreement.supporter_id)
        .where(Agreement.state.in_((AgreementState.SIGNED, AgreementState.SENT)))
        .order_by(case((Agreement.state == AgreementState.SIGNED, 0), else_=1), since, Agreement.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(rows)]
