"""What has a day in sub-grants: what partners owe us, and what falls due to them. Set-based; one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, null, or_, select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.grants.awards.models import Grant, GrantState
from app.grants.funders.models import Funder
from app.grants.partners.models import (
    DutyState,
    GrantPartner,
    PassOnState,
    SubGrant,
    SubGrantDuty,
    SubGrantInstalment,
    SubGrantState,
)
from app.supporters.models import Supporter

TO_DELIVER = (DutyState.PLANNED, DutyState.RETURNED)  # the partner's turn
TO_PAY = (PassOnState.PLANNED, PassOnState.OWED)

_agreed = SubGrant.state == SubGrantState.AGREED
_runs = Grant.state != GrantState.CLOSED
# What asks something of somebody: nothing of a draft. What is owed is paid, closed grant or not.
DUTIES_TO_DO: ColumnElement[bool] = and_(_agreed, _runs, SubGrantDuty.state.in_(TO_DELIVER))
DUTIES_TO_JUDGE: ColumnElement[bool] = and_(_agreed, _runs, SubGrantDuty.state == DutyState.DELIVERED)
MONEY_TO_DO: ColumnElement[bool] = and_(
    _agreed,
    or_(SubGrantInstalment.state == PassOnState.OWED, and_(_runs, SubGrantInstalment.state == PassOnState.PLANNED)),
)


PARTNER, FUNDER = aliased(Supporter), Supporter


@dataclass(frozen=True, slots=True)
class Line:
    """What a partner delivers (`title`), or an instalment to a partner (`cents`, no title)."""

    id: int
    due_on: date
    state: DutyState | PassOnState
    version: int
    title: str
    cents: int | None
    sub_grant_id: int
    partner: str
    grant: str
    funder: str
    owner_id: int | None

    def tone(self, today: date) -> str:
        """late, open, sent (waits for us to read it) or done."""
        if self.state in TO_DELIVER or self.state in TO_PAY:
            return "late" if self.due_on < today else "open"
        return "sent" if self.state is DutyState.DELIVERED else "done"


@cache
def duties() -> Select[*tuple[Any, ...]]:
    """What partners owe us, with names, in order of day; rows fit `line_of`."""
    duty = SubGrantDuty
    return _named(select(duty.id, duty.due_on, duty.state, duty.version, duty.title, null()), duty)


@cache
def instalments() -> Select[*tuple[Any, ...]]:
    """What is passed on to partners, with names, in order of day; rows fit `line_of`."""
    part = SubGrantInstalment
    chosen = select(part.id, part.due_on, part.state, part.version, literal(""), part.amount_cents)
    return _named(chosen, part).where(part.state != PassOnState.CANCELLED)


def _named(chosen: Select[*tuple[Any, ...]], row: Any) -> Select[*tuple[Any, ...]]:
    """Names added. A cancelled sub-grant has no dates any more."""
    return (
        chosen.add_columns(
            SubGrant.id, PARTNER.display_name, Grant.title, Supporter.display_name.label("funder"), Grant.owner_id
        )
        .join(SubGrant, SubGrant.id == row.sub_grant_id)
        .join(GrantPartner, GrantPartner.id == SubGrant.partner_id)
        .join(PARTNER, PARTNER.id == GrantPartner.supporter_id)
        .join(Grant, Grant.id == GrantPartner.grant_id)
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(SubGrant.state != SubGrantState.CANCELLED)
        .order_by(row.due_on, row.id)
    )


def line_of(row: Sequence[Any]) -> Line:
    return Line(*tuple(row)[:11])


def soonest(until: date, *, limit: int, owner_id: int | None, all_money: bool) -> tuple[list[Line], list[Line]]:
    """(duties, instalments) that ask something until this day, late ones first. What was delivered waits for us
    now, whenever it was due.

    With `owner_id` those of this person's grants; `all_money` (finance) leaves instalments of all grants in.
    """
    mine = [] if owner_id is None else [Grant.owner_id == owner_id]
    state = SubGrantDuty.state  # told apart before names are joined: most duties are done
    asked = or_(and_(state.in_(TO_DELIVER), SubGrantDuty.due_on <= until), state == DutyState.DELIVERED)
    owed = duties().where(_agreed, _runs, asked, *mine)
    money = instalments().where(MONEY_TO_DO, SubGrantInstalment.due_on <= until, *([] if all_money else mine))
    return _lines(owed.limit(limit)), _lines(money.limit(limit))


def _lines(chosen: Select[*tuple[Any, ...]]) -> list[Line]:
    return [line_of(row) for row in db.session.execute(chosen)]
