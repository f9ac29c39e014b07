"""What finance recorded by hand before the statement came: gifts, instalments, refunds, what was paid to partners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from app.banking.match_models import MatchKind
from app.banking.matching.facts import Facts, Proposal, Reason
from app.banking.reconciliation import by_hand_lines
from app.base.dates import days
from app.base.references import code_of
from app.base.states import N_
from app.extensions import db
from app.ledger.models import JournalEntry, JournalLine

_NEAR = 10  # days between recording and statement
_MOST = 5_000
Recorded = dict[int, list[Any]]  # by amount in cents


def recorded(first: date, last: date) -> Recorded | None:
    """What was recorded by hand around these days and no statement told of: for a file that is entered, asked once,
    since each block would read all bookings of its days. None where it is too much to keep."""
    found = db.session.execute(_around(first, last).limit(_MOST + 1)).all()
    return _by_amount(found) if len(found) <= _MOST else None


def leave_out(known: Recorded | None, found: set[int | None]) -> None:
    """What a line of this file was found to be is no longer asked of the lines after it."""
    if known and found:
        for cents, rows in known.items():
            known[cents] = [row for row in rows if row.id not in found]


def find(lines: Sequence[Facts], known: Recorded | None = None) -> dict[int, list[Proposal]]:
    if not lines:
        return {}
    booked = known
    if booked is None:
        around = _around(min(line.booked_on for line in lines), max(line.booked_on for line in lines))
        wanted = around.where(JournalLine.cents.in_({line.cents for line in lines}))
        booked = _by_amount(db.session.execute(wanted.limit(_MOST)).all())
    return {
        line.id: proposals
        for line in lines
        if (proposals := [p for row in booked.get(line.cents, ()) if (p := _proposal(line, row)) is not None])
    }


def _around(first: date, last: date) -> Any:
    day = JournalLine.booked_on  # its index leads there, that of the entry does not exist
    return by_hand_lines().where(day.between(first - days(_NEAR), last + days(_NEAR))).order_by(JournalEntry.id)


def _by_amount(rows: Sequence[Any]) -> Recorded:
    booked: Recorded = defaultdict(list)
    for row in rows:
        booked[row.cents].append(row)
    return booked


def _proposal(line: Facts, row: Any) -> Proposal | None:
    apart = abs((row.booked_on - line.booked_on).days)
    named = row.source_type == "gift" and row.source_id in line.rf_ids
    if apart > _NEAR and not named:
        return None
    reasons = [Reason(N_("This amount was recorded by hand, booked on %(day)s."), {"day": row.booked_on.isoformat()})]
    if named:
        reasons.append(Reason(N_("The reference is that of this gift.")))
    return Proposal(
        kind=MatchKind.BY_HAND, target_id=row.id, cents=line.cents, score=100 if named else 75 - 2 * apart,
        reasons=tuple(reasons), exact=named, blocked=not named, label=code_of(row.id),
    )  # fmt: skip
