"""Handing a closed month over to the accounting package: each entry once, whatever happens in between."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from app.audit.services import record
from app.base.actor import Actor
from app.base.dates import add_months, local_date, month_end
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.documents import files
from app.extensions import db, writing
from app.extensions.sql import insert_new
from app.finance.books.layouts import plain
from app.finance.books.models import HandOver, Layout, LayoutProfile
from app.finance.books.postings import Range
from app.finance.books.writing import profile_of, write
from app.finance.openings import queries as openings
from app.finance.periods import Period
from app.ledger.models import JournalEntry
from app.ledger.queries import closed_months

_LIVE = HandOver.taken_back_at.is_(None)


def hand_over(month: date, layout: Layout, *, actor: Actor, now: datetime) -> int:
    """Make the file of what was not handed over of `month` (its first day) yet, keep it and mark its entries;
    returns the id. Opens its own transaction.

    Raises Refused for an open month, a layout without test import, nothing new, or somebody quicker.
    """
    if not layout.is_proven and profile_of(layout).tested_on is None:
        raise Refused(N_("Import a trial file first, and record here that it went well."))
    if month not in closed_months([month]):
        raise Refused(N_("Close this month first: what can still change is not handed over."))
    opened = openings.latest()
    if opened is not None and month <= opened:
        raise Refused(N_("This month lies before the opening balance: the accounting package has it already."))
    after = _handed_over_until(month)
    file = io.BytesIO()
    control = write(file, layout, _range(month, after), made_on=local_date(now))
    if not control.lines:
        raise Refused(N_("Everything of this month was handed over already. The file is below."))
    content = file.getvalue()
    values: dict[str, Any] = {
        "id": new_id(), "month": month, "layout": layout, "after_entry_id": after, "last_entry_id": control.last_id,
        "entry_total": control.entries, "line_total": control.lines, "debit_cents": control.debit_cents,
        "sha256": files.keep_own(content), "size": len(content), "made_at": now, "made_by": actor.id, "reason": "",
    }  # fmt: skip
    with writing() as session:
        made = session.execute(insert_new(HandOver).values(**values).returning(HandOver.id)).scalar()
        if made is None or month not in closed_months([month]):
            raise Refused(N_("Somebody else handed this month over just now. Look at it once more."))
        told = {"month": f"{month:%Y-%m}", "layout": layout.value, "lines": control.lines, "sha256": values["sha256"]}
        record("books.handed_over", ("hand_over", made), actor=actor, now=now, changes=told)
    return int(made)


def _handed_over_until(month: date) -> int:
    """The last entry of this month that was handed over. Raises Refused where an entry appeared before it since
    then: a clock ran backwards, and the mark no longer says what went."""
    last, entries = db.session.execute(
        select(func.max(HandOver.last_entry_id), func.sum(HandOver.entry_total)).where(HandOver.month == month, _LIVE)
    ).one()
    if last is None:
        return 0
    there = db.session.execute(
        select(func.count()).select_from(JournalEntry)
        .where(JournalEntry.booked_on.between(month, month_end(month)), JournalEntry.id <= last)
        .where(JournalEntry.id.not_in(_openings(month)))
    ).scalar()  # fmt: skip
    if there != entries:
        raise Refused(N_("An entry stands before those handed over. Take the hand-over back and make it anew."))
    return int(last)


def _range(month: date, after: int = 0) -> Range:
    """What goes to the accounting package: it has its opening balances itself."""
    return Range(Period(month, month_end(month)), after, _openings(month))


def _openings(month: date) -> tuple[int, ...]:
    """Entries of opening balances in this month, and those that undo one."""
    return tuple(entry_id for entry_id, *_ in openings.entries(month, add_months(month, 1)))


def trial(month: date, layout: Layout, *, now: datetime) -> bytes:
    """The file of a month to try an import with: nothing is marked, and the month may be open."""
    file = io.BytesIO()
    write(file, layout, _range(month), made_on=local_date(now))
    return file.getvalue()


def take_back(hand_over_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Say that a file did not go into the accounting package after all, inside `writing()`: its entries can be
    handed over again. Raises Invalid without a reason, Refused unless it is the last of its month."""
    row = db.session.get(HandOver, hand_over_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(N_("This hand-over is not there."))
    if row.taken_back_at is not None:
        raise Refused(N_("This hand-over was taken back already."))
    if not reason.strip():
        raise Invalid(N_("Say why it is taken back: the bookkeeper will ask."), field="reason")
    later = select(HandOver.id).where(HandOver.month == row.month, _LIVE, HandOver.after_entry_id > row.after_entry_id)
    if db.session.execute(later).first() is not None:
        raise Refused(N_("A later part of this month was handed over too. Take that back first."))
    row.taken_back_at, row.taken_back_by, row.reason = now, actor.id, reason.strip()
    told = {"month": f"{row.month:%Y-%m}", "layout": row.layout.value, "reason": row.reason}
    record("books.taken_back", ("hand_over", row.id), actor=actor, now=now, changes=told)


def content(row: HandOver) -> bytes:
    return files.read(row.sha256)


def all_of_them() -> list[HandOver]:
    """All hand-overs, also those taken back, newest first."""
    return list(db.session.execute(select(HandOver).order_by(HandOver.month.desc(), HandOver.id.desc())).scalars())


def set_profile(
    layout: Layout, *, journal_code: str, office_code: str, options: dict[str, str], columns: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """How files of this layout look from now on, inside `writing()`. `columns` is one `field = heading` a line, empty
    for all. A changed layout needs its test import again. Raises Invalid with what is wrong in which line."""
    chosen = {"columns": _columns(columns), **options} if layout is Layout.CSV else {}
    row = _stored(layout)
    if (row.journal_code, row.office_code, row.options) == (journal_code, office_code, chosen):
        return
    row.journal_code, row.office_code, row.options = journal_code, office_code, chosen
    row.tested_on, row.tested_by, row.tested_note = None, None, ""
    told = {"layout": layout.value, "journal_code": journal_code, "office_code": office_code}
    record("books.layout_changed", ("layout_profile", row.id), actor=actor, now=now, changes=told)


def _columns(text: str) -> list[list[str]]:
    found: list[list[str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, _, heading = (part.strip() for part in line.partition("="))
        if name not in plain.FIELDS:
            raise Invalid(
                N_("Line %(number)s: there is no field %(name)s. Use one of: %(fields)s."), field="columns",
                number=number, name=name[:40], fields=", ".join(plain.FIELDS),
            )  # fmt: skip
        found.append([name, heading[:60] or name])
    return found


def record_test(layout: Layout, *, note: str, actor: Actor, now: datetime) -> None:
    """Record that a trial file of this layout was imported well, inside `writing()`."""
    if not note.strip():
        raise Invalid(N_("Say in a few words how the import went and what you compared."), field="note")
    row = _stored(layout)
    row.tested_on, row.tested_by, row.tested_note = local_date(now), actor.id, note.strip()
    told = {"layout": layout.value, "note": row.tested_note}
    record("books.layout_tested", ("layout_profile", row.id), actor=actor, now=now, changes=told)


def _stored(layout: Layout) -> LayoutProfile:
    row = profile_of(layout)
    if row not in db.session:
        db.session.add(row)
        db.session.flush()
    return row
