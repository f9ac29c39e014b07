"""The journal: one row for each line, as the accounting package takes it over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection, select

from app.extensions import db
from app.finance.exports.sheet import Labels, Sheet, Wanted, as_text, batches, codes
from app.ledger.models import Account, Event, JournalEntry, JournalLine
from app.ledger.rj import RjLine
from app.programmes.queries import campaign_names, programme_names
from app.sheets.columns import Column, Kind


def journal(wanted: Wanted) -> Sheet:
    columns = [
        Column(_("Entry"), width=19),
        Column(_("Booking date"), Kind.DATE, width=13),
        Column(_("Period"), width=9),
        Column(_("Event"), width=26),
        Column(_("Ledger account"), width=10),
        Column(_("Account name"), width=38),
        Column(_("Debit"), Kind.AMOUNT, total=True),
        Column(_("Credit"), Kind.AMOUNT, total=True),
        Column(_("RJ 650 line"), width=34),
        Column(_("RGS code"), width=14),
        Column(_("Programme"), width=24),
        Column(_("Campaign"), width=24),
        Column(_("Grant"), width=19),
        Column(_("Booked for"), width=18),
        Column(_("Source reference"), width=19),
        Column(_("Reverses entry"), width=19),
    ]
    return Sheet(_("Journal"), columns, lambda connection: _rows(connection, wanted))


def _rows(connection: Connection, wanted: Wanted) -> Iterator[tuple[Any, ...]]:
    line, entry, account = JournalLine.__table__.c, JournalEntry.__table__.c, Account.__table__.c
    name = account.name_en if wanted.language == "en" else account.name_nl
    chart = connection.execute(select(account.id, account.code, name.label("name"), account.rgs_code)).all()
    code, named, rgs = ({row[0]: row[place] for row in chart} for place in (1, 2, 3))
    statement = (
        select(
            line.entry_id, line.booked_on, as_text(entry.event), line.account_id, line.cents, as_text(line.rj_line),
            line.programme_id, line.campaign_id, line.grant_id, entry.source_type, entry.source_id, entry.reverses_id,
        )
        .join_from(JournalLine.__table__, JournalEntry.__table__, entry.id == line.entry_id)
        .where(line.booked_on.between(wanted.period.start, wanted.period.end))
        .order_by(line.booked_on, line.id)
    )  # fmt: skip
    events, lines = Labels(Event), Labels(RjLine)
    programmes, campaigns = Labels(programme_names(wanted.language)), Labels(campaign_names(wanted.language))
    db.session.rollback()
    for (entries, days, kinds, account_ids, cents, rj, programme, campaign, grants, types, ids, reverses) in batches(
        connection, statement
    ):  # fmt: skip
        months = {day: f"{day:%Y-%m}" for day in set(days)}
        yield from zip(
            codes(entries), days, map(months.get, days), events.of(kinds),
            map(code.__getitem__, account_ids), map(named.__getitem__, account_ids),
            (c if c > 0 else None for c in cents), (-c if c < 0 else None for c in cents),
            lines.of(rj), map(rgs.__getitem__, account_ids), programmes.of(programme), campaigns.of(campaign),
            codes(grants), types, codes(ids), codes(reverses), strict=True,
        )  # fmt: skip
