"""`flask ledger check`: what sub-grants say against what the ledger says, grant by grant."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import case, func, or_, select

from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.partners.models import GrantPartner, PassOnState, SubGrant, SubGrantInstalment
from app.ledger import sums
from app.ledger.accounts import HELD_FOR_PARTNERS, OWED_TO_PARTNERS, PARTNER_ACCOUNTS
from app.ledger.checks import SHOWN
from app.ledger.models import Account


def sub_grants_equal_ledger() -> Iterable[str]:
    """What is owed to, and in all booked for, the partners of each grant equals the ledger's."""
    booked = sums.both().subquery()
    debit = booked.c.debit_cents - booked.c.credit_cents
    is_debt = Account.code.in_((OWED_TO_PARTNERS, HELD_FOR_PARTNERS))
    ledger = (
        select(
            booked.c.grant_id,
            func.sum(case((is_debt, -debit), else_=0)).label("owed"),
            func.sum(case((is_debt, 0), else_=debit)).label("whole"),
        )
        .join(Account, Account.id == booked.c.account_id)
        .where(booked.c.grant_id.is_not(None), Account.code.in_(PARTNER_ACCOUNTS))
        .group_by(booked.c.grant_id)
        .subquery()
    )
    part = SubGrantInstalment
    ours = (
        select(
            GrantPartner.grant_id,
            func.coalesce(func.sum(part.booked_cents).filter(part.state == PassOnState.OWED), 0).label("owed"),
            func.sum(part.booked_cents).label("whole"),
        )
        .join(SubGrant, SubGrant.partner_id == GrantPartner.id)
        .join(part, part.sub_grant_id == SubGrant.id)
        .group_by(GrantPartner.grant_id)
        .subquery()
    )
    owed, whole = func.coalesce(ours.c.owed, 0), func.coalesce(ours.c.whole, 0)
    there, in_books = func.coalesce(ledger.c.owed, 0), func.coalesce(ledger.c.whole, 0)
    off = (
        select(Grant.id, owed, there, whole, in_books)
        .outerjoin(ours, ours.c.grant_id == Grant.id)
        .outerjoin(ledger, ledger.c.grant_id == Grant.id)
        .where(or_(owed != there, whole != in_books))
        .limit(SHOWN + 1)
    )
    for grant_id, ours_owed, theirs_owed, ours_whole, theirs_whole in db.session.execute(off):
        yield (
            f"grant {grant_id}: owed to partners {ours_owed}, booked {theirs_owed};"
            f" in all {ours_whole}, booked {theirs_whole} cents"
        )
