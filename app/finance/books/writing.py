"""Writing entries into a file of some layout, with totals that were counted twice."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date
from typing import IO, TextIO

from flask_babel import force_locale, gettext
from sqlalchemy import Connection, select

from app.base.errors import Refused
from app.base.states import N_
from app.extensions import db
from app.finance.books.layouts import exact, plain, twinfield, xaf
from app.finance.books.layouts.facts import Books, LedgerAccount, Postings
from app.finance.books.models import Layout, LayoutProfile
from app.finance.books.postings import Control, Posting, Range, accounts, control, postings, snapshot
from app.ledger.models import AccountKind, Event
from app.organisation.queries import profile as organisation
from app.programmes.models import Programme

_WRITERS: dict[Layout, Callable[[TextIO, Books, Postings], None]] = {
    Layout.CSV: plain.write,
    Layout.EXACT: exact.write,
    Layout.TWINFIELD: twinfield.write,
    Layout.XAF_32: xaf.write_32,
    Layout.XAF_40: xaf.write_40,
}
_RESULT = (AccountKind.INCOME, AccountKind.COST)


def profile_of(layout: Layout) -> LayoutProfile:
    """How the organisation uses this layout; one that is not stored where nobody said."""
    found = db.session.execute(select(LayoutProfile).where(LayoutProfile.layout == layout)).scalar_one_or_none()
    return found or LayoutProfile(layout=layout, journal_code="", office_code="", options={}, tested_note="")


def write(file: IO[bytes], layout: Layout, wanted: Range, *, made_on: date) -> Control:
    """Write the entries of a range, within one fiscal year, and say what they came to. Bounded memory; not inside
    `writing()`.

    Raises Refused without the organisation's RSIN (an auditfile names it), with entries that miss lines, and where
    what was written is not what the database counted.
    """
    profile, house = profile_of(layout), organisation()
    if not house.rsin and layout in (Layout.XAF_32, Layout.XAF_40):
        raise Refused(N_("Fill in the RSIN of the organisation first: an auditfile names it."))
    if profile in db.session:
        db.session.expunge(profile)  # read to the end: the snapshot begins anew
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="", write_through=False)
    with snapshot() as connection:
        codes = _accounts(connection)
        books = Books(
            company=house.legal_name or house.name, rsin=house.rsin or "", country=house.country,
            first_month=house.fiscal_year_start, period=wanted.period, made_on=made_on,
            control=control(connection, wanted),
            accounts=tuple({account.code: account for account in codes.values()}.values()), codes=codes,
            events=_events(), programmes=_programmes(connection), profile=profile,
            version=_version(),
        )  # fmt: skip
        counted = _Counted(postings(connection, wanted))
        _WRITERS[layout](text, books, counted)
    text.flush()
    text.detach()  # else the file would close with the wrapper
    said = books.control
    if (counted.entries, counted.lines, counted.debit, counted.credit) != (
        said.entries, said.lines, said.debit_cents, said.credit_cents,
    ) or said.debit_cents != said.credit_cents:  # fmt: skip
        raise Refused(N_("The totals of this file do not agree with the books. Run flask ledger check."))
    return said


def _version() -> str:
    """Of the database that this code knows, which an auditfile tells."""
    from app.extensions import migrating  # with Alembic: not at every start

    return migrating.scripts().get_current_head() or ""


class _Counted:
    """The entries as they pass, and what they come to."""

    def __init__(self, source: Postings) -> None:
        self._source = source
        self.entries = self.lines = self.debit = self.credit = 0

    def __iter__(self) -> Iterator[Posting]:
        for posting in self._source:
            self.entries += 1
            for line in posting.lines:
                self.lines += 1
                if line.cents > 0:
                    self.debit += line.cents
                else:
                    self.credit -= line.cents
            yield posting


def _accounts(connection: Connection) -> dict[int, LedgerAccount]:
    return {
        row.id: LedgerAccount(row.outside_code or row.code, row.name_nl, row.kind in _RESULT, row.rgs_code)
        for row in accounts(connection)
    }


def _programmes(connection: Connection) -> dict[int | None, str]:
    rows = connection.execute(select(Programme.__table__.c.id, Programme.__table__.c.slug))
    return {row.id: row.slug for row in rows}


def _events() -> dict[str, str]:
    with force_locale("nl"):
        return {event.value: gettext(event.label) for event in Event}
