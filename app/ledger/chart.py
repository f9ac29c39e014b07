"""Changing the chart of accounts. Called inside the transaction of whoever changes it.

What money was booked on keeps its kind and RJ 650 line; what postings.py books on stays active.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import func, select

from app.audit.services import changes_of, record
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.ledger import sums
from app.ledger.accounts import CHART
from app.ledger.models import Account, AccountKind
from app.ledger.queries import closed_months
from app.ledger.rj import COST_LINES, INCOME_LINES, RjLine

NEEDED = frozenset(code for code, *_ in CHART)  # postings.py books on them
LINES: dict[AccountKind, tuple[RjLine, ...]] = {AccountKind.INCOME: INCOME_LINES, AccountKind.COST: COST_LINES}


def add_account(
    code: str, *, name_nl: str, name_en: str, kind: AccountKind, rj_line: RjLine | None, actor: Actor, now: datetime
) -> Account:
    """A new account. Raises Invalid with the field for a code that is taken or odd, a missing name, and a line that
    does not belong to the kind."""
    if not re.fullmatch(r"[0-9A-Z]{2,10}", code):
        raise Invalid(N_("A code has 2 to 10 digits or capitals, for example 8091."), field="code")
    if db.session.execute(select(Account.id).where(Account.code == code)).scalar() is not None:
        raise Invalid(N_("There is an account %(code)s already."), field="code", code=code)
    _check(name_nl, name_en, kind, rj_line)
    account = Account(
        id=new_id(), code=code, name_nl=name_nl, name_en=name_en, kind=kind, rj_line=rj_line, active=True
    )  # fmt: skip
    db.session.add(account)
    db.session.flush()
    told = {"code": code, "name_nl": name_nl, "name_en": name_en, "kind": kind.value,
            "rj_line": rj_line.value if rj_line else None}  # fmt: skip
    record("account.added", ("ledger_account", account.id), actor=actor, now=now, changes=told)
    return account


def change_account(
    code: str,
    *,
    name_nl: str,
    name_en: str,
    kind: AccountKind,
    rj_line: RjLine | None,
    active: bool,
    actor: Actor,
    now: datetime,
) -> Account:
    """Rename an account, put it to rest or use it again; another kind or line only while nothing was booked on it.

    Raises NotFound, Invalid with the field, and Refused where the account is needed or money stands on it.
    """
    account = db.session.execute(select(Account).where(Account.code == code).with_for_update()).scalar_one_or_none()
    if account is None:
        raise NotFound(N_("There is no account %(code)s."), code=code)
    if (kind, rj_line) != (account.kind, account.rj_line):
        if code in NEEDED or is_used(account.id):
            raise Refused(N_("Its kind and RJ 650 line stay: this account was booked on, or is needed for booking."))
        _check(name_nl, name_en, kind, rj_line)
    elif not (name_nl and name_en):
        _check(name_nl, name_en, kind, rj_line)
    if account.active and not active:
        if code in NEEDED:
            raise Refused(N_("Account %(code)s is needed for booking: it stays."), code=code)
        if _stands(account):
            raise Refused(N_("Money stands on account %(code)s in an open month: move that first."), code=code)
    account.name_nl, account.name_en, account.kind, account.rj_line = name_nl, name_en, kind, rj_line
    account.active = active
    if changes := changes_of(account):
        record("account.changed", ("ledger_account", account.id), actor=actor, now=now, changes=changes)
    return account


def is_used(account_id: int) -> bool:
    """Whether anything was ever booked on this account."""
    both = sums.coarse().subquery()
    return (
        db.session.execute(select(both.c.account_id).where(both.c.account_id == account_id).limit(1)).first()
        is not None
    )


def _check(name_nl: str, name_en: str, kind: AccountKind, rj_line: RjLine | None) -> None:
    for field, name in (("name_nl", name_nl), ("name_en", name_en)):
        if not name.strip():
            raise Invalid(N_("Please fill this in."), field=field)
    lines = LINES.get(kind, ())
    if (rj_line is None) == bool(lines) or (rj_line is not None and rj_line not in lines):
        raise Invalid(
            N_("Income and costs have a line of their kind; accounts of the balance sheet have none."), field="rj_line"
        )


def _stands(account: Account) -> bool:
    """Whether money stands on it: of a balance sheet account at all, of income and costs in months still open."""
    both = sums.coarse().subquery()
    query = (
        select(both.c.month, func.sum(both.c.debit_cents - both.c.credit_cents))
        .where(both.c.account_id == account.id)
        .group_by(both.c.month)
    )
    months = {month: int(cents) for month, cents in db.session.execute(query)}
    if account.is_result:
        closed = closed_months(months)
        return any(cents for month, cents in months.items() if month not in closed)
    return sum(months.values()) != 0
