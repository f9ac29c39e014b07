"""Lines nobody looked at yet: what is sure books by itself, the rest waits for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update

from app.banking.match_models import MatchKind
from app.banking.matching import by_hand, deciding, rules
from app.banking.matching.facts import Facts, Proposal, facts_of
from app.banking.matching.finders import TWICE_WITHIN, Found, find
from app.banking.models import BankEntry, BankLine, LineState
from app.base.actor import Actor
from app.base.errors import DomainError
from app.extensions import db
from app.extensions.transactions import writing_in_bulk

CHUNK = 250


@dataclass(slots=True)
class Looked:
    explained: int = 0
    waiting: int = 0


def look(*, actor: Actor, now: datetime) -> Looked:
    """Look at every line that is booked and nobody looked at. Opens its own transactions; broken off, it goes on
    where it was. A chunk of which something cannot be booked is done line by line: one does not hold up another."""
    done = Looked()
    while ids := _waiting():
        try:
            done.explained += _chunk(ids, actor, now)
        except DomainError:
            for line_id in ids:
                try:
                    done.explained += _chunk([line_id], actor, now)
                except DomainError:
                    with writing_in_bulk():
                        _mark([line_id])
        done.waiting += len(ids)
    done.waiting -= done.explained
    return done


def look_at(lines: Sequence[Facts], recorded: by_hand.Recorded | None, *, actor: Actor, now: datetime) -> None:
    """Look at lines that this transaction makes. Where something of them cannot be booked they are left for `look`."""
    if not lines:
        return
    try:
        with db.session.begin_nested():
            chosen = sure(lines, find(lines, recorded), rules.threshold())
            deciding.decide_new(chosen, actor=actor, now=now)
            _mark([line.id for line in lines])
    except DomainError:
        return


def sure(lines: Sequence[Facts], found: Found, threshold: int) -> list[tuple[Facts, Proposal]]:
    """The lines that may book by themselves: one proposal above the threshold that nothing speaks against, and no
    two lines for the same thing. An amount that may have been recorded by hand is left to people, unless a
    reference says what it is."""
    chosen: list[tuple[Facts, Proposal]] = []
    taken: dict[object, list[date]] = {}
    for line in lines:
        what = _best(found.get(line.id, []), threshold)
        if what is None:
            continue
        name = _name(what)
        lasting = what.target_id is not None
        if any(lasting or abs((day - line.booked_on).days) <= TWICE_WITHIN for day in taken.get(name, ())):
            continue
        if name is not None:
            taken.setdefault(name, []).append(line.booked_on)
        chosen.append((line, what))
    return chosen


def _best(proposals: Sequence[Proposal], threshold: int) -> Proposal | None:
    high = [p for p in proposals if p.score >= threshold]
    best = [p for p in high if p.exact] or high
    if len({(p.kind, p.target_id, p.supporter_id) for p in best}) != 1 or best[0].blocked:
        return None
    what = best[0]
    if what.exact or what.kind is MatchKind.NOT_OURS:
        return what
    doubted = any(p.kind is MatchKind.BY_HAND or (p.kind is what.kind and p.blocked) for p in proposals)
    return None if doubted else what


def _name(what: Proposal) -> object:
    """What may be explained once: a target, or for some days an amount of a giver."""
    if what.target_id is not None:
        return what.kind, what.target_id
    return (what.supporter_id, what.cents) if what.kind is MatchKind.GIFT else None


def _chunk(ids: Sequence[int], actor: Actor, now: datetime) -> int:
    facts = facts_of(ids)  # opened before the transaction: that takes longest
    db.session.rollback()
    with writing_in_bulk():
        chosen = sure(facts, find(facts), rules.threshold())
        deciding.decide([(line.id, what) for line, what in chosen], actor=actor, now=now)
        _mark(ids)
    return len(chosen)


def _waiting() -> list[int]:
    found = (
        select(BankLine.id)
        .join(BankEntry, BankEntry.id == BankLine.entry_id)
        .where(~BankLine.looked, BankLine.state == LineState.REVIEW, BankEntry.ledger_on.is_not(None))
        .order_by(BankLine.id)
        .limit(CHUNK)
    )
    ids = list(db.session.execute(found).scalars())
    db.session.rollback()
    return ids


def _mark(ids: Sequence[int]) -> None:
    done = update(BankLine).where(BankLine.id.in_(list(ids))).values(looked=True)
    db.session.execute(done, execution_options={"synchronize_session": False})
