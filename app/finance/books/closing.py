"""Closing a month and opening it again, and the file that says what was closed.

The file holds nothing that anybody can change later: ids, codes, dates, cents. So it can be made again
from the books at any time, byte for byte the same (`flask books verify`).
"""

from __future__ import annotations

import hashlib
import io
from datetime import date, datetime

from sqlalchemy import func, select, update

from app.base.actor import Actor
from app.base.dates import add_months, month_end
from app.base.errors import NotFound, Refused
from app.base.references import code_of
from app.base.states import N_
from app.documents import files
from app.extensions import db, writing
from app.finance.books.models import PeriodClosing
from app.finance.books.postings import Range, accounts, postings, snapshot
from app.finance.periods import Period
from app.jobs.services import enqueue, job
from app.ledger import periods

KEEP = "books.keep_closing"
HEAD = (
    "entry,date,event,line,account,debit_cents,credit_cents,rj_line,programme,campaign,grant,source,document,reverses"
)


def close(month: date, *, actor: Actor, now: datetime) -> int:
    """Close `month` (its first day) for booking, inside `writing()`; returns the id of the closing. Its file is
    made right after. Raises what ledger.periods.close raises."""
    periods.close(month, actor=actor, now=now)
    last = db.session.execute(select(func.max(PeriodClosing.number)).where(PeriodClosing.month == month)).scalar()
    closing = PeriodClosing(month=month, number=(last or 0) + 1, closed_at=now, closed_by=actor.id, reason="")
    db.session.add(closing)
    db.session.flush()
    enqueue(KEEP, {"closing_id": str(closing.id)}, now=now, key=f"closing:{closing.id}")
    return closing.id


def reopen(month: date, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let bookings into `month` again, inside `writing()`. Its closing and file stay. Raises what
    ledger.periods.reopen raises, and Refused while the file of the closing is not made yet."""
    closing = last_closing(month)
    if closing is not None and closing.reopened_at is None and closing.sha256 is None:
        raise Refused(N_("The file of this closing is still being made. Try again in a minute."))
    periods.reopen(month, reason=reason, actor=actor, now=now)
    if closing is not None:
        closing.reopened_at, closing.reopened_by, closing.reason = now, actor.id, reason.strip()


def reopen_from(month: date, last: date, *, reason: str, actor: Actor, now: datetime) -> None:
    """Open `month` and those after it up to `last`, the last closed one, inside `writing()`: the latest first, each
    with this reason. Raises what `reopen` raises; then none is to be kept open."""
    while last >= month:
        reopen(last, reason=reason, actor=actor, now=now)
        last = add_months(last, -1)


def last_closing(month: date) -> PeriodClosing | None:
    newest = select(PeriodClosing).where(PeriodClosing.month == month).order_by(PeriodClosing.number.desc()).limit(1)
    return db.session.execute(newest).scalar_one_or_none()


@job(KEEP)
def keep_file(payload: dict[str, str]) -> None:
    """Make the file of a closing and keep it. Run twice it does nothing the second time."""
    closing = db.session.get(PeriodClosing, int(payload["closing_id"]))
    if closing is None or closing.sha256 is not None:
        return
    closing_id = closing.id
    content, lines, debit_cents = make(closing.month)
    told = {"sha256": files.keep_own(content), "size": len(content), "lines": lines, "debit_cents": debit_cents}
    with writing() as session:
        session.execute(
            update(PeriodClosing).where(PeriodClosing.id == closing_id, PeriodClosing.sha256.is_(None)).values(**told)
        )


def make(month: date) -> tuple[bytes, int, int]:
    """The journal of a month: (content, lines, debit cents). Sorted by entry, so that the order in which it was
    written to disk does not matter."""
    with snapshot() as connection:
        codes = {row.id: row.code for row in accounts(connection)}
        found = list(postings(connection, Range(Period(month, month_end(month)))))
    out = io.StringIO(newline="")
    out.write(HEAD + "\r\n")
    lines = debit_cents = 0
    for posting in sorted(found, key=lambda each: (each.booked_on, each.entry_id)):
        head = f"{code_of(posting.entry_id)},{posting.booked_on},{posting.event}"
        foot = f"{posting.source_type},{code_of(posting.source_id)},{_code(posting.reverses_id)}"
        for number, line in enumerate(posting.lines, 1):
            debit, credit = max(line.cents, 0), max(-line.cents, 0)
            out.write(
                f"{head},{number},{codes[line.account_id]},{debit},{credit},{line.rj_line or ''},"
                f"{_code(line.programme_id)},{_code(line.campaign_id)},{_code(line.grant_id)},{foot}\r\n"
            )
            lines, debit_cents = lines + 1, debit_cents + debit
    return out.getvalue().encode(), lines, debit_cents


def _code(row_id: int | None) -> str:
    return code_of(row_id) if row_id else ""


def content(closing: PeriodClosing) -> bytes:
    """The kept file. Raises NotFound until it is made."""
    if closing.sha256 is None:
        raise NotFound(N_("The file of this closing is still being made. Try again in a minute."))
    return files.read(closing.sha256)


def differs(closing: PeriodClosing) -> bool:
    """Whether the books of a closed month give another file now than at its closing: then somebody went past us."""
    kept, month = closing.sha256, closing.month
    again, _, _ = make(month)
    return hashlib.sha256(again).hexdigest() != kept
