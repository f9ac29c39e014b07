"""What a payment on the bank is: decided, booked, and undone. All run inside the caller's `with writing():`.

Each decision locks the line first, so of two people at once the second is Refused. What explains a line is
booked by the room that owns it, on the day the line is booked on, against suspense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from app.audit import services as audit
from app.banking.booking import MATCH
from app.banking.match_models import BankMatch, MatchKind
from app.banking.matching import debits, payouts
from app.banking.matching.facts import Facts, Proposal, facts_of
from app.banking.models import LINE_MOVES, BankLine, LineState
from app.banking.reconciliation import by_hand_lines
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_ids
from app.base.money import Money
from app.base.references import code_of
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import insert_rows
from app.gifts import entering
from app.gifts import services as gifts
from app.gifts.models import BANK_TRANSFER, Gift
from app.grants.instalments import services as instalments
from app.ledger import postings
from app.ledger import services as ledger
from app.ledger.models import JournalEntry
from app.payments import services as payments

SOURCE = "bank"  # where gifts that a statement brought came in
_DEBITS = (MatchKind.DEBIT_BATCH, MatchKind.COLLECTION, MatchKind.TAKEN_BACK)


@dataclass(frozen=True, slots=True)
class _Made:
    """A decision on its way: its row's id, the line, what it is."""

    id: int
    line: Facts
    what: Proposal
    target_id: int | None = None


def decide(chosen: Sequence[tuple[int, Proposal]], *, actor: Actor, now: datetime) -> list[int]:
    """Explain these lines, each by one proposal for all of it or a part; the ids of the matches.

    Raises Refused where a line is explained already or its entry is not booked yet, Invalid where more is
    explained than there is, and what the rooms that book it raise.
    """
    left = _locked([line_id for line_id, _ in chosen])
    facts = {line.id: line for line in facts_of(left)}
    if any(line_id not in facts for line_id, _ in chosen):
        raise Refused(N_("This line is not booked yet: its period is closed."))
    return _decide([(facts[line_id], what) for line_id, what in chosen], left, actor, now)


def decide_new(chosen: Sequence[tuple[Facts, Proposal]], *, actor: Actor, now: datetime) -> list[int]:
    """`decide` for lines that this very transaction makes, explained already: nobody else can have explained them."""
    return _decide(chosen, {line.id: line.cents for line, _ in chosen}, actor, now, new=True)


def _decide(
    chosen: Sequence[tuple[Facts, Proposal]], left: dict[int, int], actor: Actor, now: datetime, *, new: bool = False
) -> list[int]:
    made = []
    for match_id, (line, what) in zip(new_ids(len(chosen)), chosen, strict=True):
        line_id = line.id
        if what.cents == 0 or what.cents * left[line_id] < 0 or abs(what.cents) > abs(left[line_id]):
            raise Invalid(N_("At most %(most)s of it is still to be explained."), field="amount",
                          most=Money(abs(left[line_id])))  # fmt: skip
        left[line_id] -= what.cents
        made.append(_Made(match_id, line, what))
    targets = _book(made, actor, now)
    _write(made, targets, {} if new else _positions({m.line.id for m in made}), actor, now)
    if not new:
        _move([line_id for line_id, cents in left.items() if not cents], LineState.EXPLAINED)
    return [each.id for each in made]


def set_aside(line_id: int, *, actor: Actor, now: datetime) -> None:
    """Leave it in suspense: nobody knows what it is, and it is no longer asked."""
    _shift(line_id, LineState.SUSPENSE, "bank_line.set_aside", actor, now)


def take_up(line_id: int, *, actor: Actor, now: datetime) -> None:
    """Ask again what was left in suspense."""
    _shift(line_id, LineState.REVIEW, "bank_line.taken_up", actor, now)


def _book(made: list[_Made], actor: Actor, now: datetime) -> dict[int, int | None]:
    """Let the rooms book what the lines are, each kind in one call; what came of it, by match."""
    of: dict[MatchKind, list[_Made]] = {kind: [m for m in made if m.what.kind is kind] for kind in MatchKind}
    targets: dict[int, int | None] = {m.id: m.what.target_id for m in made}
    targets |= _promises(of[MatchKind.PROMISE], actor, now)
    targets |= _gifts(of[MatchKind.GIFT], actor, now)
    targets |= _instalments(of[MatchKind.INSTALMENT], actor, now)
    entries = [postings.bank_line_known((MATCH, m.id), m.what.cents, m.line.day) for m in of[MatchKind.BY_HAND]]
    entries += [postings.bank_line_not_ours((MATCH, m.id), m.what.cents, m.line.day) for m in of[MatchKind.NOT_OURS]]
    entries += [postings.bank_line_collected((MATCH, m.id), m.what.cents, m.line.day) for k in _DEBITS for m in of[k]]
    entries += payouts.entries([(m.id, m.line, m.what) for m in of[MatchKind.PAYOUT]])
    debits.book([(m.line, m.what) for k in _DEBITS for m in of[k]], actor=actor, now=now)
    _check_by_hand(of[MatchKind.BY_HAND])
    ledger.post(entries, actor=actor, now=now)
    return targets


def _promises(made: list[_Made], actor: Actor, now: datetime) -> dict[int, int | None]:
    if not made:
        return {}
    found = select(Gift.id, Gift.checkout_id).where(Gift.id.in_([m.what.target_id for m in made]))
    checkouts = {row.id: row.checkout_id for row in db.session.execute(found)}
    transfers = [
        payments.Transfer(
            checkout_id=checkouts.get(m.what.target_id) or 0, cents=m.what.cents, on=m.line.day, reference=_reference(m)
        )
        for m in made
    ]
    payments.receive_transfers(transfers, actor=actor, now=now)
    return {m.id: m.what.target_id for m in made}


def _gifts(made: list[_Made], actor: Actor, now: datetime) -> dict[int, int | None]:
    """A gift for each; it has the id of the match, which makes it one."""
    givers = [m.what.supporter_id for m in made if m.what.supporter_id is not None]
    lines = entering.lines_of(givers) if givers else {}
    gifts.make(
        [
            gifts.NewGift(
                id=m.id, supporter_id=m.what.supporter_id or 0, amount_cents=m.what.cents, gift_date=m.line.day,
                method=BANK_TRANSFER, source=SOURCE, rj_line=lines[m.what.supporter_id or 0],
                via=postings.BY_STATEMENT, programme_id=m.what.programme_id, bank_reference=_reference(m),
            )
            for m in made
        ],
        actor=actor,
        now=now,
    )  # fmt: skip
    return {m.id: m.id for m in made}


def _instalments(made: list[_Made], actor: Actor, now: datetime) -> dict[int, int | None]:
    received = [
        instalments.Received(
            instalment_id=m.what.target_id or 0, received_on=m.line.day, amount_cents=m.what.cents,
            bank_reference=_reference(m), form_key=f"bank:{m.id}", via=postings.BY_STATEMENT,
        )
        for m in made
    ]  # fmt: skip
    if not received:
        return {}
    receipts = instalments.receive(received, actor=actor, now=now)
    return {m.id: receipt_id for m, receipt_id in zip(made, receipts, strict=True)}


def left_of(line_id: int) -> int:
    """What of a line is not explained, in cents."""
    told = select(func.coalesce(func.sum(BankMatch.cents), 0)).where(
        BankMatch.line_id == line_id, BankMatch.undone_at.is_(None)
    )
    cents = select(BankLine.cents).where(BankLine.id == line_id)
    whole, explained = db.session.execute(select(cents.scalar_subquery(), told.scalar_subquery())).one()
    return int(whole or 0) - int(explained)


def _check_by_hand(made: list[_Made]) -> None:
    """What was recorded by hand must stand, be of this amount, and not be found on a statement before."""
    ids = [m.what.target_id for m in made]
    if not ids:
        return
    if standing(BankMatch.target_id.in_(ids) & (BankMatch.kind == MatchKind.BY_HAND)):
        raise Refused(N_("That was found on a statement already."))
    booked = {(row.id, row.cents) for row in db.session.execute(by_hand_lines().where(JournalEntry.id.in_(ids)))}
    if any((m.what.target_id, m.what.cents) not in booked for m in made):
        raise Refused(N_("What was recorded by hand is of another amount."))


def _positions(line_ids: set[int]) -> dict[int, int]:
    """The last part of each line that was explained before."""
    most = select(BankMatch.line_id, func.max(BankMatch.position)).where(BankMatch.line_id.in_(line_ids))
    return dict(db.session.execute(most.group_by(BankMatch.line_id)).all())


def _write(
    made: list[_Made], targets: dict[int, int | None], positions: dict[int, int], actor: Actor, now: datetime
) -> None:
    rows = []
    for m in made:
        positions[m.line.id] = positions.get(m.line.id, -1) + 1
        rows.append(
            {
                "id": m.id, "line_id": m.line.id, "position": positions[m.line.id], "kind": m.what.kind,
                "target_id": targets[m.id], "cents": m.what.cents, "score": m.what.score,
                "reasons": [[reason.said, reason.told] for reason in m.what.reasons], "made_at": now,
                "staff_id": actor.id if actor.kind == "staff" else None,
            }
        )  # fmt: skip
    insert_rows(BankMatch, [row | {"undone_at": None} for row in rows])
    audit.record_many(
        [
            audit.Trace(
                action="bank_line.explained", subject=("bank_line", m.line.id),
                changes={"kind": [None, m.what.kind.value], "cents": [None, m.what.cents]},
            )
            for m in made
        ],
        actor=actor, now=now,
    )  # fmt: skip


def _reference(m: _Made) -> str:
    return m.line.reference or f"bank {code_of(m.line.id)}"


def _locked(line_ids: Sequence[int]) -> dict[int, int]:
    """Lock these lines, in the order of their ids; what of each is still to be explained, in cents."""
    ids = sorted(set(line_ids))
    rows = db.session.execute(
        select(BankLine.id, BankLine.state, BankLine.cents)
        .where(BankLine.id.in_(ids)).order_by(BankLine.id).with_for_update()
    ).all()  # fmt: skip
    if len(rows) < len(ids):
        raise NotFound(N_("This payment is not there."))
    for row in rows:
        if row.state is LineState.EXPLAINED:
            raise Refused(N_("This payment was explained already, perhaps by somebody else just now."))
    told = (
        select(BankMatch.line_id, func.sum(BankMatch.cents))
        .where(BankMatch.line_id.in_(ids), BankMatch.undone_at.is_(None))
        .group_by(BankMatch.line_id)
    )
    explained: dict[int, int] = {line_id: int(cents) for line_id, cents in db.session.execute(told)}
    return {row.id: row.cents - explained.get(row.id, 0) for row in rows}


def lock_line(line_id: int) -> BankLine:
    chosen = select(BankLine).where(BankLine.id == line_id).with_for_update()
    line: BankLine | None = db.session.execute(chosen).scalar_one_or_none()
    if line is None:
        raise NotFound(N_("This payment is not there."))
    return line


def _shift(line_id: int, state: LineState, action: str, actor: Actor, now: datetime) -> None:
    line = lock_line(line_id)
    LINE_MOVES.check(line.state, state)
    audit.record(action, ("bank_line", line_id), actor=actor, now=now,
                 changes={"state": [line.state.value, state.value]})  # fmt: skip
    line.state = state


def _move(line_ids: Sequence[int], state: LineState) -> None:
    if line_ids:
        moved = update(BankLine.__table__).where(BankLine.__table__.c.id.in_(line_ids)).values(state=state)
        db.session.execute(moved)


def standing(condition: Any) -> list[BankMatch]:
    chosen = select(BankMatch).where(condition, BankMatch.undone_at.is_(None)).order_by(BankMatch.id)
    return list(db.session.execute(chosen).scalars())
