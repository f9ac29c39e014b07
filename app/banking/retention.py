"""Who paid, as the bank told it, goes when the fiscal term is over: no supporter leads to these names, so erasing a
person does not reach them (DOMAIN.md 4.3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import or_, select, tuple_, update

from app.banking import store
from app.banking.models import BankFile, BankLine, LineState
from app.base.dates import local_date
from app.base.works import Payload, periodic
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.organisation.models import BankAccount

YEARS = 7  # AWR art. 52, from the end of the year
_BATCH = 500


@periodic("bank.forget_payers", every=timedelta(days=7))
def forget_payers(_: Payload) -> None:
    """Empty name, account and words of lines booked before the term, and take the files of that time off the disk.
    Amounts, days and references stay. What nobody explained yet is left alone."""
    before = date(local_date(now()).year - YEARS, 1, 1)
    accounts = db.session.scalars(select(BankAccount.id)).all()
    received = BankFile.created_at < datetime(before.year, 1, 1, tzinfo=UTC)
    files = db.session.scalars(select(BankFile.sha256).where(received)).all()
    db.session.rollback()
    for account_id in accounts:
        _empty_lines(account_id, before)
    for sha256 in files:
        store.forget(sha256)


def _empty_lines(account_id: int, before: date) -> None:
    place = tuple_(BankLine.booked_on, BankLine.id)
    named = or_(BankLine.party_sealed.is_not(None), BankLine.iban_index.is_not(None))
    old = (BankLine.account_id == account_id) & (BankLine.booked_on < before) & named
    last = (date.min, 0)
    while True:
        found = select(BankLine.booked_on, BankLine.id).where(old, BankLine.state != LineState.REVIEW, place > last)
        rows = db.session.execute(found.order_by(BankLine.booked_on, BankLine.id).limit(_BATCH)).all()
        db.session.rollback()
        if not rows:
            return
        with writing_in_bulk() as session:
            mine = update(BankLine).where(BankLine.id.in_([row.id for row in rows]))
            session.execute(mine.values(party_sealed=None, iban_index=None))
        last = (rows[-1].booked_on, rows[-1].id)
