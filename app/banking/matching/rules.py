"""What matching learned, and from which score on it books by itself. What changes runs inside `with writing():`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from app.audit import services as audit
from app.banking.match_models import BankMatching, BankRule, MatchKind
from app.banking.matching.facts import Proposal, facts_of
from app.banking.models import BankLine
from app.banking.queries import Party, party
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import insert_new

LEAST, MOST, USUAL = 80, 100, 90  # of 100; below 80 the account of a giver alone would be enough
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Learned:
    """A rule, with the account it is of as the newest payment tells it, and that payment."""

    rule: BankRule
    party: Party
    line_id: int | None


def threshold() -> int:
    """From this score on a proposal books by itself, where nothing speaks against it."""
    return db.session.execute(select(BankMatching.threshold)).scalar() or USUAL


def set_threshold(score: int, *, actor: Actor, now: datetime) -> None:
    """Raises Invalid outside of 80 to 100."""
    if not LEAST <= score <= MOST:
        raise Invalid(N_("Choose a number from %(least)s to %(most)s."), field="threshold", least=LEAST, most=MOST)
    before = threshold()
    if before == score:
        return
    db.session.execute(insert_new(BankMatching).values(id=new_id(), only=1, threshold=score))
    db.session.execute(update(BankMatching).values(threshold=score))
    audit.record("bank_matching.set", ("bank_matching", 1), actor=actor, now=now,
                 changes={"threshold": [before, score]})  # fmt: skip


def remember(line_id: int, what: Proposal, *, actor: Actor, now: datetime) -> None:
    """From now on money of this account books by itself as this. A newer word takes the place of an older one."""
    line = facts_of([line_id])[0]
    if line.iban_index is None or what.kind not in (MatchKind.GIFT, MatchKind.NOT_OURS):
        return
    values = {
        "kind": what.kind, "supporter_id": what.supporter_id, "programme_id": what.programme_id, "staff_id": actor.id,
        "active": True,
    }  # fmt: skip
    wanted = (BankRule.iban_index == line.iban_index) & (BankRule.incoming == (line.cents > 0))
    there = db.session.execute(update(BankRule).where(wanted).values(**values).returning(BankRule.id)).scalar()
    if there is None:
        row = values | {"id": new_id(), "iban_index": line.iban_index, "incoming": line.cents > 0, "made_at": now}
        db.session.execute(insert_new(BankRule).values(**row))
    audit.record(
        "bank_line.remembered", ("bank_line", line_id), actor=actor, now=now, changes={"kind": what.kind.value}
    )


def listed() -> list[Learned]:
    """The rules, newest first."""
    rules = list(db.session.execute(select(BankRule).order_by(BankRule.id.desc()).limit(SHOWN)).scalars())
    newest = select(func.max(BankLine.id)).where(BankLine.iban_index.in_([rule.iban_index for rule in rules]))
    rows = db.session.execute(select(BankLine).where(BankLine.id.in_(newest.group_by(BankLine.iban_index)))).scalars()
    lines = {row.iban_index: row for row in rows if row.iban_index is not None}
    return [_learned(rule, lines.get(rule.iban_index)) for rule in rules]


def _learned(rule: BankRule, line: BankLine | None) -> Learned:
    return Learned(rule, party(line), line.id) if line else Learned(rule, Party(), None)


def of_line(line: BankLine) -> BankRule | None:
    """The rule for money of this line's account in its direction."""
    if line.iban_index is None:
        return None
    wanted = (BankRule.iban_index == line.iban_index) & (BankRule.incoming == (line.cents > 0))
    rule: BankRule | None = db.session.execute(select(BankRule).where(wanted)).scalar_one_or_none()
    return rule


def switch(rule_id: int, *, on: bool, actor: Actor, now: datetime) -> None:
    """A rule that is off is kept, and books nothing. Raises NotFound."""
    rule = _locked(rule_id)
    if rule.active is on:
        return
    rule.active = on
    audit.record("bank_rule.switched", ("bank_rule", rule_id), actor=actor, now=now, changes={"active": [not on, on]})


def remove(rule_id: int, *, actor: Actor, now: datetime) -> None:
    """Forget a rule; what it booked stays. Raises NotFound."""
    rule = _locked(rule_id)
    told = {"kind": [rule.kind.value, None]}
    db.session.execute(delete(BankRule).where(BankRule.id == rule_id))
    audit.record("bank_rule.removed", ("bank_rule", rule_id), actor=actor, now=now, changes=told)


def forget(line_ids: Sequence[int], *, actor: Actor, now: datetime) -> None:
    """Remove the rules of these lines' accounts, as far as there are any."""
    for line in db.session.execute(select(BankLine).where(BankLine.id.in_(line_ids))).scalars():
        if (rule := of_line(line)) is not None:
            remove(rule.id, actor=actor, now=now)


def _locked(rule_id: int) -> BankRule:
    rule = db.session.execute(select(BankRule).where(BankRule.id == rule_id).with_for_update()).scalar_one_or_none()
    if rule is None:
        raise NotFound(N_("This rule is not there (any more)."))
    return rule
