"""What finance recorded by hand before the statement came: gifts, instalments, refunds, what was paid to partners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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


def find(lines: Sequence[Facts], owners: dict[int, list[Any]]) -> dict[int, list[Proposal]]:
    if not lines:
        return {}
    first, last = min(line.booked_on for line in lines), max(line.booked_on for line in lines)
    found = by_hand_lines().where(
        JournalLine.cents.in_({line.cents for line in lines}),
        JournalEntry.booked_on.between(first - days(_NEAR), last + days(_NEAR)),
    )
    booked: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(found.order_by(JournalEntry.id).limit(5_000)):
        booked[row.cents].append(row)
    return {
        line.id: proposals
        for line in lines
        if (proposals := [p for row in booked.get(line.cents, ()) if (p := _proposal(line, row)) is not None])
    }


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
