"""Grants that were decided, run or had anything booked in the period: what was booked in it, and how they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection, case, func, or_, select

from app.base.dates import local_date
from app.base.references import code_of
from app.extensions import db
from app.finance.exports.sheet import Labels, Sheet, Wanted, batches
from app.grants.awards.models import Grant, GrantState, Recognition
from app.grants.funders.models import Funder
from app.ledger import sums
from app.ledger.accounts import RECEIVABLE, RECEIVED_AHEAD, REPAYABLE
from app.ledger.models import Account, AccountKind, JournalLine
from app.ledger.rj import RjLine
from app.programmes.queries import programme_names
from app.sheets.columns import Column, Kind
from app.supporters.models import Supporter


def grants(wanted: Wanted) -> Sheet:
    columns = [
        Column(_("Grant"), width=19),
        Column(_("Title"), width=38),
        Column(_("Funder"), width=30),
        Column(_("Funder's reference"), width=18),
        Column(_("Decided on"), Kind.DATE, width=13),
        Column(_("Starts on"), Kind.DATE, width=13),
        Column(_("Ends on"), Kind.DATE, width=13),
        Column(_("State"), width=16),
        Column(_("Programme"), width=24),
        Column(_("RJ 650 line"), width=34),
        Column(_("Recognition"), width=30),
        Column(_("Confirmed by finance"), Kind.DATE, width=20),
        Column(_("Granted"), Kind.AMOUNT, total=True),
        Column(_("Recognised in period"), Kind.AMOUNT, total=True),
        Column(_("Received in period"), Kind.AMOUNT, total=True),
        Column(_("Recognised in all"), Kind.AMOUNT, total=True),
        Column(_("Received in all"), Kind.AMOUNT, total=True),
        Column(_("Receivable"), Kind.AMOUNT, total=True),
        Column(_("Received in advance"), Kind.AMOUNT, total=True),
    ]
    return Sheet(_("Grants"), columns, lambda connection: _rows(connection, wanted))


def _rows(connection: Connection, wanted: Wanted) -> Iterator[tuple[Any, ...]]:
    grant, start, end = Grant.__table__.c, wanted.period.start, wanted.period.end
    booked = _booked(wanted)
    ever = _ever()
    statement = (
        select(
            grant.id, grant.title, Supporter.display_name, grant.funder_reference, grant.decided_on, grant.starts_on,
            grant.ends_on, grant.state, grant.programme_id, grant.income_line, grant.recognition, grant.confirmed_at,
            grant.amount_cents,
            *(func.coalesce(part, 0) for part in (
                booked.c.recognised, booked.c.received, ever.c.recognised, ever.c.received, ever.c.receivable,
                ever.c.ahead,
            )),
        )
        .join_from(Grant.__table__, Funder, Funder.id == grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .outerjoin(booked, booked.c.grant_id == grant.id)
        .outerjoin(ever, ever.c.grant_id == grant.id)
        .where(
            or_(
                booked.c.grant_id.is_not(None),
                (grant.decided_on <= end) & or_(grant.ends_on >= start, grant.decided_on >= start),
            )
        )
        .order_by(grant.decided_on, grant.id)
    )  # fmt: skip
    states, rules, lines = Labels(GrantState), Labels(Recognition), Labels(RjLine)
    programmes = Labels(programme_names(wanted.language))
    db.session.rollback()
    for columns in batches(connection, statement):
        ids, *texts, state, programme, rj, rule, confirmed = columns[:12]
        yield from zip(
            map(code_of, ids), *texts, states.of(state), programmes.of(programme), lines.of(rj), rules.of(rule),
            (local_date(at) if at else None for at in confirmed), *(map(int, amounts) for amounts in columns[12:]),
            strict=True,
        )  # fmt: skip


def _booked(wanted: Wanted) -> Any:
    """By grant, from the lines of the period themselves (its days need not be whole months)."""
    line = JournalLine
    return (
        _by_grant(line.grant_id, line.cents)
        .join(Account, Account.id == line.account_id)
        .where(line.grant_id.is_not(None), line.booked_on.between(wanted.period.start, wanted.period.end))
        .group_by(line.grant_id)
        .subquery()
    )


def _ever() -> Any:
    """By grant, over all time, from the sums."""
    both = sums.of_grants().subquery()
    return (
        _by_grant(both.c.grant_id, both.c.debit_cents - both.c.credit_cents)
        .join(Account, Account.id == both.c.account_id)
        .group_by(both.c.grant_id)
        .subquery()
    )


def _by_grant(grant_id: Any, cents: Any) -> Any:
    recognised = -func.sum(case((Account.kind == AccountKind.INCOME, cents), else_=0))
    receivable = func.sum(case((Account.code == RECEIVABLE, cents), else_=0))
    ahead = -func.sum(case((Account.code == RECEIVED_AHEAD, cents), else_=0))
    repayable = -func.sum(case((Account.code == REPAYABLE, cents), else_=0))
    return select(
        grant_id.label("grant_id"), recognised.label("recognised"), receivable.label("receivable"),
        ahead.label("ahead"), (recognised - receivable + ahead + repayable).label("received"),
    )  # fmt: skip
