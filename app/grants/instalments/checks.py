"""`flask ledger check`: what the grants say against what the ledger says, grant by grant."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, case, func, or_, select

from app.extensions import db
from app.grants.awards.models import Grant, Recognition
from app.grants.instalments.models import Instalment, Receipt
from app.ledger import sums
from app.ledger.accounts import BANK, PARTNER_ACCOUNTS
from app.ledger.checks import SHOWN
from app.ledger.models import Account, AccountKind


def grants_equal_ledger() -> Iterable[str]:
    """Recognised income and received money of each grant equal the ledger's; unconfirmed ones have none.

    The bank line carries no grant, so received money is recognised − receivable + received ahead.
    """
    booked = sums.both().subquery()
    debit = booked.c.debit_cents - booked.c.credit_cents
    is_income = Account.kind == AccountKind.INCOME
    ledger = (
        select(
            booked.c.grant_id,
            func.sum(case((is_income, -debit), else_=0)).label("recognised"),
            func.sum(-debit).label("received"),
        )
        .join(Account, Account.id == booked.c.account_id)
        .where(booked.c.grant_id.is_not(None), Account.code.not_in((BANK, *PARTNER_ACCOUNTS)))
        .group_by(booked.c.grant_id)
        .subquery()
    )
    income = (
        select(Instalment.grant_id, func.sum(Instalment.recognised_cents).label("cents"))
        .group_by(Instalment.grant_id)
        .subquery()
    )
    money = (
        select(Instalment.grant_id, func.sum(Receipt.amount_cents).label("cents"))
        .join(Receipt, Receipt.instalment_id == Instalment.id)
        .where(Receipt.reversed_at.is_(None))
        .group_by(Instalment.grant_id)
        .subquery()
    )
    received = func.coalesce(money.c.cents, 0)
    recognised = case((Grant.recognition == Recognition.RECEIPT, received), else_=func.coalesce(income.c.cents, 0))
    in_books, came = func.coalesce(ledger.c.recognised, 0), func.coalesce(ledger.c.received, 0)
    off = (
        select(Grant.id, recognised, in_books, received, came)
        .outerjoin(ledger, ledger.c.grant_id == Grant.id)
        .outerjoin(income, income.c.grant_id == Grant.id)
        .outerjoin(money, money.c.grant_id == Grant.id)
        .where(
            or_(
                recognised != in_books,
                received != came,
                and_(Grant.confirmed_at.is_(None), or_(in_books != 0, came != 0)),
            )
        )
        .limit(SHOWN + 1)
    )
    for grant_id, ours, theirs, here, there in db.session.execute(off):
        yield f"grant {grant_id}: recognised {ours}, booked {theirs}; received {here}, booked {there} cents"
    strangers = select(ledger.c.grant_id).where(~select(Grant.id).where(Grant.id == ledger.c.grant_id).exists())
    for grant_id in db.session.execute(strangers.limit(SHOWN + 1)).scalars():
        yield f"grant {grant_id}: is in the ledger and nowhere else"
