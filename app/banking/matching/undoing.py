"""Taking back what explains a payment on the bank. Inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from app.audit import services as audit
from app.banking.booking import MATCH
from app.banking.match_models import BankMatch, MatchKind
from app.banking.matching import rules
from app.banking.matching.deciding import lock_line, standing
from app.banking.models import BankLine, LineState
from app.banking.queries import party
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Refused
from app.base.references import code_of
from app.base.states import N_
from app.extensions import db
from app.gifts import by_hand as gifts_by_hand
from app.gifts import services as gifts
from app.gifts.models import Gift
from app.grants.instalments import services as instalments
from app.ledger import services as ledger
from app.supporters import contacts

_QUIETLY = {"synchronize_session": False}


def undo(line_id: int, *, forget: bool = False, actor: Actor, now: datetime) -> None:
    """Take back all that explains this line: what was booked of it is reversed, and it waits again. `forget`: the
    rule of its account too."""
    lock_line(line_id)
    matches = standing(BankMatch.line_id == line_id)
    if not matches:
        raise Refused(N_("Nothing explains this line."))
    for match in matches:
        _undo(match, actor, now)
    released([match.id for match in matches], actor=actor, now=now)
    _unlearn(line_id, [m.target_id for m in matches if m.kind is MatchKind.GIFT], actor, now)
    if forget:
        rules.forget([line_id], actor=actor, now=now)


def _undo(match: BankMatch, actor: Actor, now: datetime) -> None:
    reason = f"bank {code_of(match.line_id)}"
    match match.kind:
        case MatchKind.PROMISE:
            gifts_by_hand.undo(match.target_id or 0, actor=actor, now=now)
        case MatchKind.GIFT:
            gifts.cancel([match.target_id or 0], actor=actor, now=now)
        case MatchKind.INSTALMENT:
            instalments.take_back(match.target_id or 0, reason, actor=actor, now=now)
        case _:  # gifts and batches behind it stay: only what the line was said to be is taken back
            ledger.reverse(source=(MATCH, match.id), on=local_date(now), actor=actor, now=now)


def _unlearn(line_id: int, gift_ids: Sequence[int | None], actor: Actor, now: datetime) -> None:
    """The account was noted with who gave it; where no other payment says so, that was the same mistake."""
    row = db.session.get_one(BankLine, line_id)
    iban = party(row).iban
    if not iban or not gift_ids:
        return
    still = (
        select(Gift.supporter_id)
        .join(BankMatch, (BankMatch.target_id == Gift.id) & (BankMatch.kind == MatchKind.GIFT))
        .join(BankLine, BankLine.id == BankMatch.line_id)
        .where(BankLine.iban_index == row.iban_index, BankMatch.undone_at.is_(None))
    )
    wrong = select(Gift.supporter_id).where(Gift.id.in_(gift_ids), Gift.supporter_id.not_in(still)).distinct()
    for supporter_id in db.session.execute(wrong).scalars().all():
        contacts.forget_iban(supporter_id, iban, source="bank", actor=actor, now=now)


def released(match_ids: Sequence[int], *, actor: Actor, now: datetime) -> None:
    """These matches explain nothing any more: mark them, and let their lines wait again. Told twice is told once."""
    matches = standing(BankMatch.id.in_(match_ids))
    ids, lines = [m.id for m in matches], sorted({m.line_id for m in matches})
    db.session.execute(update(BankMatch).where(BankMatch.id.in_(ids)).values(undone_at=now), execution_options=_QUIETLY)
    explained = (BankLine.id.in_(lines)) & (BankLine.state == LineState.EXPLAINED)
    db.session.execute(update(BankLine).where(explained).values(state=LineState.REVIEW), execution_options=_QUIETLY)
    audit.record_many(
        [audit.Trace(action="bank_line.undone", subject=("bank_line", line_id)) for line_id in lines],
        actor=actor, now=now,
    )  # fmt: skip
