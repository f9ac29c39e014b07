"""Who may be the same: candidates are found by exact keys and queued for staff, never merged by the machine."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.orm import aliased

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.base.works import Payload, job
from app.extensions import db, now, writing
from app.extensions.sql import insert_new
from app.supporters.contact_models import Address, Email, Iban, Phone
from app.supporters.matching import fold_surname
from app.supporters.models import DuplicateState, Supporter, SupporterDuplicate
from app.supporters.services import LOOK_FOR_DOUBLES

# What each likeness weighs; together at most 100.
SCORES = {"iban": 45, "email": 40, "address": 35, "phone": 30, "name": 15}
LABELS = {
    "iban": N_("same bank account"),
    "email": N_("same e-mail address"),
    "address": N_("same last name at the same address"),
    "phone": N_("same phone number"),
    "name": N_("same name"),
}
_MANY = 200  # a key that more people share than this (a company's switchboard) says nothing


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two supporters and why they may be the same; `low_id` < `high_id`, `score` 1 to 100."""

    low_id: int
    high_id: int
    score: int
    reasons: tuple[str, ...]


def find_candidates(ids: Collection[int]) -> list[Candidate]:
    """Others who share a bank account, e-mail, phone, or address and surname with one of these."""
    wanted = list(set(ids))
    likeness: dict[tuple[int, int], set[str]] = {}
    for reason, pairs in _sharing(wanted).items():
        for one, other in db.session.execute(pairs).all():
            likeness.setdefault((min(one, other), max(one, other)), set()).add(reason)
    people = _people({i for pair in likeness for i in pair})
    found = []
    for (low, high), reasons in sorted(likeness.items()):
        if low not in people or high not in people or people[low].kind is not people[high].kind:
            continue
        same_surname = fold_surname(_surname(people[low])) == fold_surname(_surname(people[high]))
        if not same_surname:
            reasons.discard("address")
        if people[low].sort_key == people[high].sort_key and reasons:
            reasons.add("name")
        if reasons:
            score = min(100, sum(SCORES[r] for r in reasons))
            found.append(Candidate(low, high, score, tuple(sorted(reasons, key=lambda r: -SCORES[r]))))
    return found


def _surname(supporter: Supporter) -> str:
    return supporter.last_name or supporter.organisation_name or supporter.display_name


def _sharing(ids: list[int]) -> dict[str, Select[Any, Any]]:
    """For each reason the pairs that share its key."""
    pairs: dict[str, Select[Any, Any]] = {}
    most = _MANY * max(1, len(ids))
    for reason, model, key in (("iban", Iban, "lookup"), ("email", Email, "address_key"), ("phone", Phone, "number")):
        mine: Any = aliased(model)
        other: Any = aliased(model)
        same = (getattr(mine, key) == getattr(other, key)) & (mine.supporter_id != other.supporter_id)
        found = select(mine.supporter_id, other.supporter_id).join(other, same)
        pairs[reason] = found.where(mine.supporter_id.in_(ids)).limit(most)
    here, there = aliased(Address), aliased(Address)
    place = (here.postcode == there.postcode) & (here.house_number == there.house_number)
    found = select(here.supporter_id, there.supporter_id).join(there, place & (here.supporter_id != there.supporter_id))
    pairs["address"] = found.where(here.supporter_id.in_(ids), here.postcode != "").limit(most)
    return pairs


def _people(ids: set[int]) -> dict[int, Supporter]:
    active = Supporter.merged_into_id.is_(None) & Supporter.anonymised_at.is_(None)
    rows = db.session.execute(select(Supporter).where(Supporter.id.in_(ids), active)).scalars()
    return {row.id: row for row in rows}


def queue_duplicates(candidates: Collection[Candidate], *, now: datetime) -> int:
    """Put pairs before staff that were not put before them yet; what was decided stays decided."""
    rows = [
        {
            "id": new_id(), "low_id": c.low_id, "high_id": c.high_id, "score": c.score, "reasons": ",".join(c.reasons),
            "state": DuplicateState.OPEN, "found_at": now,
        }
        for c in candidates
    ]  # fmt: skip
    if not rows:
        return 0
    pairs = tuple_(SupporterDuplicate.low_id, SupporterDuplicate.high_id)
    known = set(
        db.session.execute(
            select(SupporterDuplicate.low_id, SupporterDuplicate.high_id).where(
                pairs.in_([(c.low_id, c.high_id) for c in candidates])
            )
        )
    )
    db.session.execute(insert_new(SupporterDuplicate), rows)
    return len({(c.low_id, c.high_id) for c in candidates} - known)


def decide(duplicate_id: int, state: DuplicateState, *, actor: Actor, now: datetime) -> None:
    """Staff looked at a pair: different people, or the same (the privacy room merges)."""
    decided = db.session.execute(
        update(SupporterDuplicate)
        .where(SupporterDuplicate.id == duplicate_id, SupporterDuplicate.state == DuplicateState.OPEN)
        .values(state=state, decided_by_id=actor.id, decided_at=now)
        .returning(SupporterDuplicate.low_id, SupporterDuplicate.high_id)
    ).first()
    if decided is None:
        if db.session.get(SupporterDuplicate, duplicate_id) is None:
            raise NotFound(N_("This pair does not exist."))
        raise Refused(N_("Somebody decided about this pair already."))
    for supporter_id in (decided.low_id, decided.high_id):
        audit.record(
            f"supporter.judged_{state.value}", ("supporter", supporter_id), actor=actor, now=now, person_id=supporter_id
        )


def reopen(one_id: int, other_id: int) -> None:
    """A merge was undone: the pair is to be looked at again."""
    pair = (SupporterDuplicate.low_id == min(one_id, other_id)) & (SupporterDuplicate.high_id == max(one_id, other_id))
    values = {"state": DuplicateState.OPEN, "decided_by_id": None, "decided_at": None}
    db.session.execute(update(SupporterDuplicate).where(pair).values(**values))


@job(LOOK_FOR_DOUBLES)
def look_for_doubles(payload: Payload) -> None:
    """After supporters were made or their contact details changed."""
    candidates = find_candidates([int(i) for i in payload["ids"]])
    db.session.rollback()
    if candidates:
        with writing():
            queue_duplicates(candidates, now=now())
