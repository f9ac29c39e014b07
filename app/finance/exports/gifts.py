"""Gifts whose money came in, by gift date: what was given, what went back, what stayed."""

from __future__ import annotations

from collections.abc import Iterator
from operator import sub
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection, func, select

from app.base.references import code_of
from app.extensions import db
from app.finance.exports.sheet import Labels, Sheet, Wanted, batches
from app.gifts.models import HELD, Gift, GiftState
from app.ledger.rj import RjLine
from app.programmes.queries import campaign_names, programme_names
from app.sheets.columns import Column, Kind
from app.supporters.contact_models import Email
from app.supporters.models import Supporter


def gifts(wanted: Wanted) -> Sheet:
    who = [Column(_("Supporter"), width=19), Column(_("Name"), width=30), Column(_("E-mail"), width=32)]
    columns = [
        Column(_("Gift"), width=19),
        Column(_("Gift date"), Kind.DATE, width=13),
        *(who if wanted.personal else []),
        Column(_("Amount"), Kind.AMOUNT, total=True),
        Column(_("Given back"), Kind.AMOUNT, total=True),
        Column(_("Kept"), Kind.AMOUNT, total=True),
        Column(_("State"), width=16),
        Column(_("Method"), width=16),
        Column(_("RJ 650 line"), width=34),
        Column(_("Programme"), width=24),
        Column(_("Campaign"), width=24),
    ]
    return Sheet(_("Gifts"), columns, lambda connection: _rows(connection, wanted))


def _rows(connection: Connection, wanted: Wanted) -> Iterator[tuple[Any, ...]]:
    gift, supporter, email = Gift.__table__.c, Supporter.__table__.c, Email.__table__.c
    # Nearly every gift is held: wrapped, the state chooses no index, and rows come in order of date
    # from theirs. By the index of states, SQLite sorts all of them in memory first.
    held = func.coalesce(gift.state, None).in_(HELD)
    statement = (
        select(
            gift.id, gift.gift_date, gift.amount_cents, gift.refunded_cents, gift.state, gift.method, gift.rj_line,
            gift.programme_id, gift.campaign_id,
        )
        .where(gift.gift_date.between(wanted.period.start, wanted.period.end), held)
        .order_by(gift.gift_date, gift.id)
    )  # fmt: skip
    if wanted.personal:
        # One address each: the primary one. A scalar subquery, so that no gift is ever doubled.
        address = (
            select(func.min(email.address)).where(email.supporter_id == gift.supporter_id, email.is_primary)
        ).scalar_subquery()
        statement = statement.add_columns(gift.supporter_id, supporter.display_name, address).join_from(
            Gift.__table__, Supporter.__table__, supporter.id == gift.supporter_id
        )
    states, lines = Labels(GiftState), Labels(RjLine)
    programmes, campaigns = Labels(programme_names(wanted.language)), Labels(campaign_names(wanted.language))
    db.session.rollback()
    for ids, days, cents, back, state, method, rj, programme, campaign, *person in batches(connection, statement):
        who = (map(code_of, person[0]), person[1], person[2]) if person else ()
        yield from zip(
            map(code_of, ids), days, *who, cents, back, map(sub, cents, back), states.of(state), method, lines.of(rj),
            programmes.of(programme), campaigns.of(campaign), strict=True,
        )  # fmt: skip
