"""The costs of each grant by day: what expenses record, and what was passed on to partners.

What we owe a partner is our cost on the day it is booked, and as cashier it comes off the grant's income on that day;
both are earned then. What such a partner spends of it does not count a second time.

A cost of a day outside the grant's period is none of the funder's: it earns nothing, however it is charged. What
is owed to a partner does count then: a last instalment often falls due after the work it pays for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, func, select, union_all

from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.expenses.models import Expense, ExpenseShare
from app.grants.expenses.queries import WITHIN_PERIOD
from app.grants.partners.models import Booking, GrantPartner, SubGrant, SubGrantInstalment
from app.grants.recognition.sources import Cost


def besides_passed_on() -> ColumnElement[bool]:
    """Of Expense: not spent by a partner out of what we pass on, which counts itself."""
    passed_on = (
        select(SubGrant.partner_id)
        .outerjoin(SubGrantInstalment, SubGrantInstalment.sub_grant_id == SubGrant.id)
        .where((SubGrant.booking == Booking.CASHIER) | (SubGrantInstalment.booked_cents > 0))
    )
    return Expense.partner_id.is_(None) | Expense.partner_id.not_in(passed_on)


def passed_on(grant_ids: Collection[int]) -> Iterable[Cost]:
    """(grant, day, cents) of what is booked as owed to, or held for, partners."""
    booked = (
        select(GrantPartner.grant_id, SubGrantInstalment.due_on, func.sum(SubGrantInstalment.booked_cents))
        .join(SubGrant, SubGrant.partner_id == GrantPartner.id)
        .join(SubGrantInstalment, SubGrantInstalment.sub_grant_id == SubGrant.id)
        .where(GrantPartner.grant_id.in_(list(grant_ids)), SubGrantInstalment.booked_cents > 0)
        .group_by(GrantPartner.grant_id, SubGrantInstalment.due_on)
    )
    for grant_id, day, cents in db.session.execute(booked):
        yield grant_id, day, int(cents)


def spent(grant_ids: Collection[int]) -> Iterable[Cost]:
    """(grant, day, cents), the shares of costs that were entered with another grant included."""
    ids = list(grant_ids)
    own = (
        select(Expense.grant_id, Expense.spent_on, Expense.cents)
        .join(Grant, Grant.id == Expense.grant_id)
        .where(Expense.grant_id.in_(ids), WITHIN_PERIOD, besides_passed_on())
    )
    shared = (
        select(ExpenseShare.grant_id, Expense.spent_on, ExpenseShare.cents)
        .join(Expense, Expense.id == ExpenseShare.expense_id)
        .join(Grant, Grant.id == ExpenseShare.grant_id)
        .where(ExpenseShare.grant_id.in_(ids), WITHIN_PERIOD)
    )
    every = union_all(own, shared).subquery()
    summed = select(every.c.grant_id, every.c.spent_on, func.sum(every.c.cents))
    for grant_id, day, cents in db.session.execute(summed.group_by(every.c.grant_id, every.c.spent_on)):
        yield grant_id, day, int(cents)
