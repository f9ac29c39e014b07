"""Payouts of payment providers on the statement: by the reference that provider and bank both give, and by amount."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select

from app.banking.booking import MATCH
from app.banking.match_models import BankMatch, MatchKind
from app.banking.matching.facts import Facts, Proposal, Reason
from app.banking.payouts.models import Payout, PayoutState
from app.base.errors import Refused
from app.base.states import N_
from app.extensions import db
from app.ledger import postings
from app.ledger.entries import Entry
from app.payments.providers.settlements import REFERENCE

_WITHIN = 10  # days after a payout in which its amount alone says something


def find(lines: Sequence[Facts], owners: dict[int, list[Any]]) -> dict[int, list[Proposal]]:
    """By reference it is exact; by amount and the provider's name somebody looks at it."""
    named = {line.id: _references(line) for line in lines}
    alike = [line for line in lines if not named[line.id] and "mollie" in line.party.name.lower()]
    references = {each for found in named.values() for each in found}
    if not references and not alike:
        return {}
    wanted = Payout.reference.in_(references) | Payout.net_cents.in_({line.cents for line in alike})
    rows = db.session.execute(select(Payout).where(wanted, Payout.state != PayoutState.UNDONE)).scalars().all()
    came = on_bank(row.id for row in rows)
    found: dict[int, list[Proposal]] = {}
    for line in lines:
        mine = [row for row in rows if row.reference in named[line.id]]
        if line in alike:
            mine = [
                r for r in rows if r.net_cents == line.cents and 0 <= (line.booked_on - r.settled_on).days <= _WITHIN
            ]
        if mine:
            found[line.id] = [_payout(line, row, came.get(row.id, 0), named[line.id]) for row in mine]
    return found


def _payout(line: Facts, row: Payout, came: int, named: Iterable[str]) -> Proposal:
    exact = row.reference in named
    if exact:
        said = Reason(N_("The reference is that of a payout: %(reference)s."), {"reference": row.reference})
    else:
        said = Reason(N_("The amount is that of payout %(reference)s."), {"reference": row.reference})
    same = line.cents == row.net_cents - came
    reasons = [said]
    if came:
        reasons.append(Reason(N_("%(left)s of it is on the bank already."), {"left": came}))
    elif not same:
        reasons.append(Reason(N_("The payout comes to %(left)s."), {"left": row.net_cents}))
    score = (100 if exact else 80) if same else 60
    return Proposal(
        kind=MatchKind.PAYOUT, target_id=row.id, cents=line.cents, score=score, exact=exact and same,
        blocked=not same, reasons=tuple(reasons), label=row.reference,
    )  # fmt: skip


def _references(line: Facts) -> set[str]:
    return {each for text in (line.party.text, line.reference, line.end_to_end) for each in REFERENCE.findall(text)}


def on_bank(payout_ids: Iterable[int]) -> dict[int, int]:
    """Cents of these payouts that bank lines are explained by."""
    rows = db.session.execute(
        select(BankMatch.target_id, func.sum(BankMatch.cents).label("cents"))
        .where(BankMatch.kind == MatchKind.PAYOUT, BankMatch.target_id.in_(list(payout_ids)))
        .where(BankMatch.undone_at.is_(None))
        .group_by(BankMatch.target_id)
    )
    return {int(row.target_id or 0): int(row.cents) for row in rows}


def entries(made: Sequence[tuple[int, Facts, Proposal]]) -> list[Entry]:
    """What to book for these matches: suspense against clearing. Raises Refused where a payout is gone, or more of it
    would be on the bank than was paid out."""
    if not made:
        return []
    ids = sorted({what.target_id or 0 for _, _, what in made})
    chosen = select(Payout).where(Payout.id.in_(ids)).order_by(Payout.id).with_for_update()
    rows = {row.id: row for row in db.session.execute(chosen).scalars()}
    came = on_bank(ids)
    booked = []
    for match_id, line, what in made:
        row = rows.get(what.target_id or 0)
        if row is None or row.state is PayoutState.UNDONE:
            raise Refused(N_("This payout is not here."))
        came[row.id] = came.get(row.id, 0) + what.cents
        if abs(came[row.id]) > abs(row.net_cents) or came[row.id] * row.net_cents < 0:
            raise Refused(N_("More of this payout would be on the bank than was paid out."))
        booked.append(postings.payout_received((MATCH, match_id), what.cents, line.day, provider=row.provider))
    return booked
