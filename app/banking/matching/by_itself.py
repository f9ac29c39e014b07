"""Lines nobody looked at yet: what is sure books by itself, the rest waits for somebody.

Lines are found and decided on by blocks, yet each as if those before it were decided on already: a block ends before
a line on which a decision of the same block bears. So where blocks end changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select, update

from app.banking.match_models import MatchKind
from app.banking.matching import by_hand, deciding, rules
from app.banking.matching.facts import Facts, Proposal, facts_of
from app.banking.matching.finders import Found, find
from app.banking.models import BankEntry, BankLine, LineState
from app.base.actor import Actor
from app.base.errors import DomainError
from app.extensions import db, plans
from app.extensions.sql import among, insert_rows
from app.extensions.transactions import writing_in_bulk
from app.gifts.models import Gift
from app.supporters.models import Supporter

CHUNK = 250
_PLAIN = (MatchKind.GIFT, MatchKind.NOT_OURS)  # which only insert
_DEBITS = (MatchKind.DEBIT_BATCH, MatchKind.COLLECTION, MatchKind.TAKEN_BACK)


@dataclass(slots=True)
class Looked:
    explained: int = 0
    waiting: int = 0


def look(*, actor: Actor, now: datetime) -> Looked:
    """Look at every line that is booked and nobody looked at. Opens its own transactions; broken off, it goes on
    where it was. A chunk of which something cannot be booked is done line by line: one does not hold up another."""
    done = Looked()
    size = CHUNK
    while ids := _waiting(size):
        try:
            looked, explained = _chunk(ids, actor, now)
        except DomainError:
            if len(ids) > 1:
                size = 1
                continue
            with writing_in_bulk():
                _mark(ids)
            looked, explained = 1, 0
        done.explained += explained
        done.waiting += looked - explained
        size = next_size(size, looked, CHUNK)
    return done


@dataclass(slots=True)
class Decided:
    """What was decided about new lines before they are written, and the newest id there was then."""

    looked: set[int]
    by_line: dict[int, tuple[Facts, Proposal]]
    since: int


def choose(groups: Sequence[Sequence[Facts]], recorded: by_hand.Recorded | None, since: int) -> tuple[Decided, int]:
    """What books by itself of lines that are still to be written, each group those of one entry; and how many groups
    that holds for: the rest is asked again once these are written."""
    lines = [line for group in groups for line in group]
    found = find(lines, recorded) if lines else {}
    chosen, count = sure(groups, found, rules.threshold() if lines else 0)
    by_hand.leave_out(recorded, {what.target_id for _, what in chosen if what.kind is MatchKind.BY_HAND})
    looked = {line.id for group in groups[:count] for line in group}
    return Decided(looked, {line.id: (line, what) for line, what in chosen}, since), count


def next_size(size: int, done: int, most: int) -> int:
    """How many to try at once: about as many as went, and more from there."""
    return min(most, 2 * size if done == size else max(2 * done, 8))


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
        _insert(rows, still, actor, now)
    except DomainError:  # one does not hold up another
        for row in rows:
            mine = [(line, what) for line, what in still if line.id == row["id"]]
            try:
                _insert([row], mine, actor, now)
            except DomainError:
                insert_rows(BankLine, [row | {"looked": False, "state": LineState.REVIEW}])


def plan_decided(
    plan: plans.Plan, lines: Sequence[dict[str, Any]], decided: Decided, *, actor: Actor, now: datetime
) -> list[tuple[Facts, Proposal]]:
    """`insert_decided` for this plan, which is stale where something changed meanwhile. Gives what
    is still to be decided by `deciding.decide_new` once the plan is written: what changes rows that are there."""
    chosen = [decided.by_line[line["id"]] for line in lines if line["id"] in decided.by_line]
    known = {line.id for line, _ in chosen}
    rows = [
        line
        | {
            "looked": line["id"] in decided.looked,
            "state": LineState.EXPLAINED if line["id"] in known else line["state"],
        }
        for line in lines
    ]
    insert_rows(BankLine, rows)
    plan.check_later(partial(_refuse_changed, chosen, decided.since))
    plain = [(line, what) for line, what in chosen if what.kind in _PLAIN]
    deciding.decide_new(plain, actor=actor, now=now)
    return [(line, what) for line, what in chosen if what.kind not in _PLAIN]


def _refuse_changed(chosen: list[tuple[Facts, Proposal]], since: int) -> None:
    if len(_still_right(chosen, since)) < len(chosen):
        raise plans.Stale


def _insert(rows: Sequence[dict[str, Any]], chosen: list[tuple[Facts, Proposal]], actor: Actor, now: datetime) -> None:
    with db.session.begin_nested():
        insert_rows(BankLine, rows)
        deciding.decide_new(chosen, actor=actor, now=now)


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


def sure(groups: Sequence[Sequence[Facts]], found: Found, threshold: int) -> tuple[list[tuple[Facts, Proposal]], int]:
    """The lines that may book by themselves, and how many groups were decided on: from the first on which an earlier
    decision bears, the finders have to look again. Of two lines of one group that bear on each other the second is
    left to people.

    What books has one proposal above the threshold that nothing speaks against. An amount that may have been recorded
    by hand is left to people, unless a reference says what it is.
    """
    chosen: list[tuple[Facts, Proposal]] = []
    touched: set[object] = set()
    ways: set[object] = set()
    for number, group in enumerate(groups):
        mine: list[tuple[Facts, Proposal]] = []
        own: set[object] = set()
        for line in group:
            proposals = found.get(line.id, [])
            on = {key for p in _asked(proposals) for key in _keys(p)}
            if on & touched or _other_way(line, proposals, ways):
                return chosen, number
            what = _best(proposals, threshold)
            if what is not None and not on & own:
                own.update(_keys(what, given=True))
                mine.append((line, what))
        touched |= own
        ways.update(what.kind for _, what in mine if what.kind in _DEBITS)
        chosen += mine
    return chosen, len(groups)


def _asked(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Those that a decision looks at: where a reference names something, nothing else."""
    return [p for p in proposals if p.exact] or list(proposals)


def _keys(what: Proposal, *, given: bool = False) -> list[object]:
    """What a proposal rests on, and once it is `given` changes: its target, and the gifts of this amount of its
    giver, which count when the next is looked at."""
    keys: list[object] = [] if what.target_id is None else [(what.kind, what.target_id)]
    if what.kind is MatchKind.GIFT or (given and what.kind is MatchKind.PROMISE):
        keys.append((what.supporter_id, what.cents))
    return keys


def _other_way(line: Facts, proposals: Sequence[Proposal], ways: set[object]) -> bool:
    """Direct debits seen in one way (as a batch, one by one, taken back) bear on those seen in another."""
    if not ways:
        return False
    mine = {p.kind for p in proposals if p.kind in _DEBITS}
    if line.is_return:
        mine.add(MatchKind.TAKEN_BACK)
    return bool(mine) and mine != ways


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


def _chunk(ids: Sequence[int], actor: Actor, now: datetime) -> tuple[int, int]:
    """How many of these lines were looked at, and how many of those booked by themselves."""
    facts = facts_of(ids)  # opened before the transaction: that takes longest
    db.session.rollback()
    with writing_in_bulk():
        chosen, count = sure([[line] for line in facts], find(facts), rules.threshold())
        deciding.decide([(line.id, what) for line, what in chosen], actor=actor, now=now)
        _mark(ids if count == len(facts) else [line.id for line in facts[:count]])
    return (len(ids) if count == len(facts) else count), len(chosen)


def _waiting(count: int) -> list[int]:
    found = (
        select(BankLine.id)
        .join(BankEntry, BankEntry.id == BankLine.entry_id)
        .where(~BankLine.looked, BankLine.state == LineState.REVIEW, BankEntry.ledger_on.is_not(None))
        .order_by(BankLine.id)
        .limit(count)
    )
    ids = list(db.session.execute(found).scalars())
    db.session.rollback()
    return ids


def _mark(ids: Sequence[int]) -> None:
    done = update(BankLine).where(BankLine.id.in_(list(ids))).values(looked=True)
    db.session.execute(done, execution_options={"synchronize_session": False})
