"""What people decide about a payment on the bank. Inside the caller's `with writing():`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.banking.match_models import MatchKind
from app.banking.matching import deciding, rules
from app.banking.matching.facts import Facts, Proposal, Reason, facts_of
from app.banking.matching.finders import find
from app.banking.matching.names import agree
from app.base.actor import Actor
from app.base.errors import Invalid, Refused
from app.base.iban import check_iban
from app.base.states import N_
from app.extensions import db
from app.gifts.entering import Thanks, thank
from app.gifts.models import Gift
from app.ledger.models import JournalEntry
from app.supporters import search
from app.supporters.contacts import add_iban
from app.supporters.matching import bank_names
from app.supporters.models import Kind, Supporter

SHOWN = 6
_BY_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftOf:
    """Somebody says whose gift (a part of) a line is; `cents` positive."""

    supporter_id: int
    cents: int
    programme_id: int | None = None
    remember: bool = False
    thanks: Thanks = Thanks.MAIL


def proposals(line_id: int) -> list[Proposal]:
    """What this line may be, the likeliest first; also by the name alone, which never books by itself."""
    facts = facts_of([line_id])
    found = _by_whom(facts, find(facts).get(line_id, []))
    known = {p.supporter_id for p in found}
    found += [p for p in _by_name(facts) if p.supporter_id not in known]
    left = deciding.left_of(line_id)
    # Of a line that is partly explained, the rest may be any of these; what was recorded by hand is one amount.
    rest = [
        p if p.cents == left else replace(p, cents=left)
        for p in found
        if p.kind is not MatchKind.BY_HAND or p.cents == left
    ]
    return rest[:SHOWN] if left else []


def _by_whom(facts: list[Facts], found: list[Proposal]) -> list[Proposal]:
    """What was recorded by hand with the name of its giver: of an amount that many give, whose it is tells more than
    the day."""
    ids = [p.target_id for p in found if p.kind is MatchKind.BY_HAND and p.target_id is not None]
    if not ids:
        return found
    rows = db.session.execute(
        select(JournalEntry.id, Supporter.display_name, Supporter.kind)
        .join(Gift, (JournalEntry.source_type == "gift") & (Gift.id == JournalEntry.source_id))
        .join(Supporter, Supporter.id == Gift.supporter_id)
        .where(JournalEntry.id.in_(ids))
    )
    givers = {row.id: row for row in rows}
    named = [_of_giver(facts[0].party.giver, p, givers.get(p.target_id)) for p in found]
    return sorted(named, key=lambda p: -p.score)


def _of_giver(name: str, what: Proposal, giver: Any) -> Proposal:
    if what.kind is not MatchKind.BY_HAND or giver is None:
        return what
    same = bool(name.strip()) and agree(name, giver.display_name, organisation=giver.kind is Kind.ORGANISATION)
    reasons = (*what.reasons, Reason(N_("The name at the bank agrees."))) if same else what.reasons
    other = bool(name.strip()) and not same and not what.exact
    score = min(what.score + 15, 99) if same and not what.exact else what.score - 35 if other else what.score
    return replace(what, label=giver.display_name, reasons=reasons, score=score)


def _by_name(facts: list[Facts]) -> list[Proposal]:
    if not facts or facts[0].cents <= 0 or facts[0].is_return or not facts[0].party.giver.strip():
        return []
    line = facts[0]
    giver = line.party.giver
    return [
        Proposal(
            kind=MatchKind.GIFT, target_id=None, cents=line.cents, score=_BY_NAME, label=hit.name, supporter_id=hit.id,
            reasons=(Reason(N_("The name at the bank agrees.")),), blocked=True,
        )
        for hit in _hits(giver)
        if agree(giver, hit.name, organisation=hit.kind is Kind.ORGANISATION)
    ]  # fmt: skip


def _hits(giver: str) -> list[search.Hit]:
    """Who is found by the surnames in a name at a bank: first those whose first letter it is too, since of a common
    name only some are looked at."""
    asked: dict[str, None] = {}
    for name in bank_names(giver):
        surname = name.last_name.split()[-1]
        asked |= dict.fromkeys((f"{surname} {(name.initials or name.first_name)[:1]}".strip(), surname))
    found = [hit for query in asked for hit in search.suggest(query, notes=False, limit=8)]
    return list({hit.id: hit for hit in found}.values())


def accept(line_id: int, key: str, *, actor: Actor, now: datetime) -> None:
    """Book the proposal with this key. Raises Refused where it is no longer proposed."""
    chosen = next((p for p in proposals(line_id) if p.key == key), None)
    if chosen is None:
        raise Refused(N_("This is no longer proposed: look at what is proposed now."))
    _decide(line_id, chosen, actor, now, Thanks.MAIL)


def gift(line_id: int, given: GiftOf, *, actor: Actor, now: datetime) -> None:
    """It is a gift of this supporter, all of it or a part: what is left still waits."""
    what = Proposal(
        kind=MatchKind.GIFT, target_id=None, cents=given.cents, score=0, reasons=(), supporter_id=given.supporter_id,
        programme_id=given.programme_id,
    )  # fmt: skip
    _decide(line_id, what, actor, now, given.thanks)
    if given.remember:
        rules.remember(line_id, what, actor=actor, now=now)


def not_a_gift(line_id: int, *, remember: bool, actor: Actor, now: datetime) -> None:
    """The accounting package books what it is: a cost, a transfer between our own accounts."""
    what = Proposal(kind=MatchKind.NOT_OURS, target_id=None, cents=deciding.left_of(line_id), score=0, reasons=())
    _decide(line_id, what, actor, now, Thanks.NONE)
    if remember:
        rules.remember(line_id, what, actor=actor, now=now)


def _decide(line_id: int, what: Proposal, actor: Actor, now: datetime, how: Thanks) -> None:
    made = deciding.decide([(line_id, what)], actor=actor, now=now)
    if what.kind is MatchKind.GIFT and what.supporter_id is not None:
        thank(made, how, now=now)  # a gift has the id of its match; a promise is thanked for by what receives it
        _know_account(line_id, what.supporter_id, actor, now)


def _know_account(line_id: int, supporter_id: int, actor: Actor, now: datetime) -> None:
    """Next time the account tells who it is, where it is not of somebody who pays for others."""
    for facts in facts_of([line_id]):
        if facts.party.ultimate:
            continue
        try:
            iban = check_iban(facts.party.iban)
        except Invalid:
            continue
        add_iban(supporter_id, iban, facts.party.name, source="bank", actor=actor, now=now)
