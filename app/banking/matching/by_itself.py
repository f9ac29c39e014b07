"""Lines nobody looked at yet: what is sure books by itself, the rest waits for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from app.banking.match_models import MatchKind
from app.banking.matching import by_hand, deciding, rules
from app.banking.matching.facts import Facts, Proposal, facts_of
from app.banking.matching.finders import TWICE_WITHIN, Found, find
from app.banking.models import BankEntry, BankLine, LineState
from app.base.actor import Actor
from app.base.errors import DomainError
from app.extensions import db
from app.extensions.sql import among, insert_rows
from app.extensions.transactions import writing_in_bulk
from app.gifts.models import Gift
from app.supporters.models import Supporter

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


@dataclass(slots=True)
class Decided:
    """What was decided about new lines before they are written, and the newest id there was then."""

    lines: InitVar[Sequence[Facts]]
    chosen: list[tuple[Facts, Proposal]]
    since: int
    looked: set[int] = field(init=False)
    by_line: dict[int, tuple[Facts, Proposal]] = field(init=False)

    def __post_init__(self, lines: Sequence[Facts]) -> None:
        self.looked = {line.id for line in lines}
        self.by_line = {line.id: (line, what) for line, what in self.chosen}


def choose(lines: Sequence[Facts], recorded: by_hand.Recorded | None) -> list[tuple[Facts, Proposal]]:
    """What books by itself of lines that are still to be written."""
    return sure(lines, find(lines, recorded), rules.threshold()) if lines else []


def insert_decided(lines: Sequence[dict[str, Any]], decided: Decided, *, actor: Actor, now: datetime) -> None:
    """Insert new lines, and book what was decided about them. What changed meanwhile, or cannot be booked, is left
    for `look`."""
    chosen = [decided.by_line[line["id"]] for line in lines if line["id"] in decided.by_line]
    still = _still_right(chosen, decided.since)
    known = {line.id for line, _ in still}
    looked = decided.looked - {line.id for line, _ in chosen} | known
    rows = [
        line | {"looked": line["id"] in looked, "state": LineState.EXPLAINED if line["id"] in known else line["state"]}
        for line in lines
    ]
    try:
        with db.session.begin_nested():
            insert_rows(BankLine, rows)
            deciding.decide_new(still, actor=actor, now=now)
    except DomainError:
        insert_rows(BankLine, lines)


def _still_right(chosen: list[tuple[Facts, Proposal]], since: int) -> list[tuple[Facts, Proposal]]:
    """Without gifts of who was merged, erased or reported dead since, or of whom somebody entered a gift. What else is
    chosen the rooms that book it look at themselves."""
    givers = {what.supporter_id for _, what in chosen if what.kind is MatchKind.GIFT and what.supporter_id}
    if not givers:
        return chosen
    there = select(Supporter.id).where(
        among(Supporter.id, givers), Supporter.merged_into_id.is_(None), Supporter.anonymised_at.is_(None)
    )
    gave = select(Gift.supporter_id).where(
        among(Gift.supporter_id, givers), Gift.id > since, Gift.source != deciding.SOURCE
    )
    right = set(db.session.execute(there).scalars()) - set(db.session.execute(gave).scalars())
    return [(line, what) for line, what in chosen if what.kind is not MatchKind.GIFT or what.supporter_id in right]


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
