"""`flask ledger check`: what the grants say against what the ledger says, grant by grant."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, case, func, or_, select, union_all

from app.extensions import db
from app.grants.awards.models import Grant, Recognition
from app.grants.instalments.models import Instalment, Receipt
from app.grants.recognition.models import GrantIncome
from app.grants.settlements.models import Repayment, Settlement
from app.ledger import sums
from app.ledger.accounts import BANK, PARTNER_ACCOUNTS, REPAYABLE
from app.ledger.checks import SHOWN
from app.ledger.models import Account, AccountKind


def owed_equals_ledger() -> Iterable[str]:
    """What is to be paid back, by settlements and repayments, equals what the ledger holds for it."""
    booked = sums.both().subquery()
    held = (
        select(booked.c.grant_id, func.sum(booked.c.credit_cents - booked.c.debit_cents).label("cents"))
        .join(Account, Account.id == booked.c.account_id)
        .where(Account.code == REPAYABLE)
        .group_by(booked.c.grant_id)
        .subquery()
    )
    owed = [
        select(Settlement.grant_id.label("grant_id"), Settlement.owed_cents.label("cents")).where(
            Settlement.reversed_at.is_(None)
        ),
        select(Settlement.grant_id, -Repayment.amount_cents)
        .join(Repayment, Repayment.settlement_id == Settlement.id)
        .where(Repayment.reversed_at.is_(None)),
    ]
    every = union_all(*owed).subquery()
    ours = select(every.c.grant_id, func.sum(every.c.cents).label("cents")).group_by(every.c.grant_id).subquery()
    here, there = func.coalesce(ours.c.cents, 0), func.coalesce(held.c.cents, 0)
    off = (
        select(Grant.id, here, there)
        .outerjoin(ours, ours.c.grant_id == Grant.id)
        .outerjoin(held, held.c.grant_id == Grant.id)
        .where(or_(here != there, here < 0))
        .limit(SHOWN + 1)
    )
    for grant_id, cents, posted in db.session.execute(off):
        yield f"grant {grant_id}: {cents} cents to pay back, booked {posted}"


def grants_equal_ledger() -> Iterable[str]:
    """Recognised income and received money of each grant equal the ledger's; unconfirmed ones have none.

    The bank line carries no grant, so money received less paid back is recognised − receivable +
    received ahead + to pay back.
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
    parts = [
        select(Instalment.grant_id.label("grant_id"), Instalment.recognised_cents.label("cents")),
        select(GrantIncome.grant_id, GrantIncome.cents).where(GrantIncome.reversed_at.is_(None)),
        select(Settlement.grant_id, Settlement.correction_cents).where(Settlement.reversed_at.is_(None)),
    ]
    every = union_all(*parts).subquery()
    income = select(every.c.grant_id, func.sum(every.c.cents).label("cents")).group_by(every.c.grant_id).subquery()
    money = (
        select(Instalment.grant_id, func.sum(Receipt.amount_cents).label("cents"))
        .join(Receipt, Receipt.instalment_id == Instalment.id)
        .where(Receipt.reversed_at.is_(None))
        .group_by(Instalment.grant_id)
        .subquery()
    )
    back = (
        select(Settlement.grant_id, func.sum(Repayment.amount_cents).label("cents"))
        .join(Repayment, Repayment.settlement_id == Settlement.id)
        .where(Repayment.reversed_at.is_(None))
        .group_by(Settlement.grant_id)
        .subquery()
    )
    came_in = func.coalesce(money.c.cents, 0)
    received = came_in - func.coalesce(back.c.cents, 0)
    on_receipt = case((Grant.recognition == Recognition.RECEIPT, came_in), else_=0)
    recognised = on_receipt + func.coalesce(income.c.cents, 0)
    in_books, came = func.coalesce(ledger.c.recognised, 0), func.coalesce(ledger.c.received, 0)
    off = (
        select(Grant.id, recognised, in_books, received, came)
        .outerjoin(ledger, ledger.c.grant_id == Grant.id)
        .outerjoin(income, income.c.grant_id == Grant.id)
        .outerjoin(money, money.c.grant_id == Grant.id)
        .outerjoin(back, back.c.grant_id == Grant.id)
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
