"""The ledger account of each fund, made when something is first booked on it.

A fund that funders tied (*bestemmingsfonds*) has an account below 0520, one that the board earmarked
(*bestemmingsreserve*) below 0510, so that journal, hand-over and reports know it without another dimension.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.errors import NotFound, Refused
from app.base.states import N_
from app.extensions import db
from app.ledger import services as ledger
from app.ledger.accounts import CHART, EARMARKED, RESTRICTED
from app.ledger.chart import add_account
from app.ledger.models import Account, AccountKind
from app.programmes.models import Fund
from app.programmes.services import keep_account

MOST = 999  # accounts below one
_RGS = {code: rgs for code, *_, rgs in CHART}


def fund_accounts(fund_ids: Iterable[int], *, actor: Actor, now: datetime) -> dict[int, str]:
    """The code of the account of each of these funds, made where there is none yet. Inside `writing()`.

    Raises NotFound for a fund that is not there.
    """
    wanted = sorted(set(fund_ids))
    # In one order and locked, so that no two make an account for the same fund.
    locked = select(Fund).where(Fund.id.in_(wanted)).order_by(Fund.id).with_for_update()
    funds = {fund.id: fund for fund in db.session.execute(locked).scalars()}
    if len(funds) < len(wanted):
        raise NotFound(N_("This fund is not there."))
    for fund in funds.values():
        if fund.account_id is None:
            _make(fund, actor, now)
    rows = db.session.execute(
        select(Fund.id, Account.code).join(Account, Account.id == Fund.account_id).where(Fund.id.in_(wanted))
    )
    return dict(rows.all())


def fund_codes() -> dict[str, Fund]:
    """Every fund with an account, by the code of that."""
    return dict(db.session.execute(select(Account.code, Fund).join(Fund, Fund.account_id == Account.id)).all())


def _make(fund: Fund, actor: Actor, now: datetime) -> None:
    above = RESTRICTED if fund.restricted else EARMARKED
    taken = set(db.session.execute(select(Account.code).where(Account.code.startswith(above))).scalars())
    code = next((c for c in (f"{above}{n:03}" for n in range(1, MOST + 1)) if c not in taken), None)
    if code is None:
        raise Refused(N_("There is no account left below %(code)s."), code=above)
    account = add_account(
        code, name_nl=fund.name_nl, name_en=fund.name_en, kind=AccountKind.EQUITY, rj_line=None, actor=actor, now=now
    )
    ledger.map_account(code, rgs_code=_RGS[above], outside_code=account.outside_code, actor=actor, now=now)
    keep_account(fund.id, account.id, actor=actor, now=now)
