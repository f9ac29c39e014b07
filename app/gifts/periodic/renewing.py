"""The chain of agreements: which one goes on from which, and which can be renewed before their years are over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.extensions import db
from app.gifts.periodic.models import Agreement, AgreementState, Term

ASK_IN_MONTH = 7  # of the last year: half a year is left to sign a new one
_GONE = N_("This agreement does not exist.")
_RUNS = (AgreementState.ACTIVE, AgreementState.ENDED)


def asks(agreement: Agreement, today: date) -> bool:
    """Whether it is time to renew: it runs, or ran, for a term whose last half year has come, up to a year after."""
    last = agreement.last_year
    if last is None or agreement.state not in _RUNS:
        return False
    if agreement.ended_on and agreement.ended_on < date(last, 12, 31):  # a death, or given up: nothing goes on
        return False
    return date(last, ASK_IN_MONTH, 1) <= today <= date(last + 1, 12, 31)


def followed(ids: Collection[int]) -> dict[int, Agreement]:
    """By agreement: the one that goes on from it, but for what did not come about."""
    rows = select(Agreement).where(Agreement.previous_id.in_(set(ids)), Agreement.state != AgreementState.WITHDRAWN)
    return {row.previous_id: row for row in db.session.scalars(rows) if row.previous_id}


def to_renew(supporter_id: int, today: date) -> list[Agreement]:
    """The agreements of this donor that can be renewed now."""
    rows = select(Agreement).where(Agreement.supporter_id == supporter_id, Agreement.state.in_(_RUNS))
    found = [row for row in db.session.scalars(rows.order_by(Agreement.id)) if asks(row, today)]
    done = followed([row.id for row in found])
    return [row for row in found if row.id not in done]


def check(previous_id: int, supporter_id: int, first_year: int, *, but: int | None = None) -> None:
    """Raise where an agreement of this donor from `first_year` cannot go on from that one. `but` is itself."""
    row = db.session.get(Agreement, previous_id, with_for_update=True)
    if row is None or row.supporter_id != supporter_id:
        raise NotFound(_GONE)
    if row.term is Term.INDEFINITE or row.state not in _RUNS:
        raise Refused(N_("This agreement is not one to renew."))
    other = followed([previous_id]).get(previous_id)
    if other is not None and other.id != but:
        raise Refused(N_("This agreement is renewed already."))
    last = row.last_year or 0
    if first_year <= last:
        raise Invalid(
            N_("The agreement before it takes until the end of %(last)s: begin in %(first)s."),
            field="first_year", last=last, first=last + 1,
        )  # fmt: skip


def not_followed() -> ColumnElement[bool]:
    """For a query on Agreement: nothing goes on from it yet."""
    later = aliased(Agreement)
    return ~(
        select(later.id).where(later.previous_id == Agreement.id, later.state != AgreementState.WITHDRAWN).exists()
    )
