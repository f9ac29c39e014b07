"""Moving money between funds: proposed by one person with the board's decision, booked by a second, and undone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.audit.services import record
from app.base.actor import Actor
from app.base.dates import add_months, local_date, month_start
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.money import Money
from app.base.states import N_
from app.documents.files import StoredFile
from app.documents.models import DocumentKind
from app.documents.services import attach
from app.extensions import db
from app.finance.funds.accounts import fund_accounts
from app.finance.funds.models import MOVE_MOVES, SOURCE, FundMove, MoveState
from app.finance.funds.places import Place, places
from app.finance.openings import queries as openings
from app.ledger import equity_postings
from app.ledger import services as ledger
from app.ledger.accounts import EARMARKED, RESTRICTED
from app.ledger.models import Account
from app.ledger.periods import refuse_closed
from app.ledger.queries import closed_months
from app.programmes.models import Fund


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMove:
    """`below_reason` says why a fund may go below zero; without it none does."""

    cents: int
    from_key: str
    to_key: str
    booked_on: date
    reason: str
    decided_by: str
    decided_on: date
    below_reason: str = ""


def propose(new: NewMove, decision: StoredFile, *, actor: Actor, now: datetime) -> int:
    """Write down what the board decided, with its document, inside `writing()`; returns the id. Nothing is booked.

    Raises Invalid for a place that is not there, the same place twice, a day to come, a decision after the booking,
    and more than stands there without a reason; Refused for a closed month or one before the opening balance.
    """
    if new.cents <= 0:
        raise ValueError("a move has a positive number of cents")
    today = local_date(now)
    known = places("nl")
    if new.from_key not in known:
        raise Invalid(N_("Please choose one of the options."), field="from_key")
    if new.to_key not in known:
        raise Invalid(N_("Please choose one of the options."), field="to_key")
    if new.from_key == new.to_key:
        raise Invalid(N_("Choose another fund than the money comes from."), field="to_key")
    if new.booked_on > today:
        raise Invalid(N_("This day is still to come."), field="booked_on")
    if new.decided_on > today:
        raise Invalid(N_("This day is still to come."), field="decided_on")
    for name in ("reason", "decided_by"):
        if not getattr(new, name).strip():
            raise Invalid(N_("Please fill this in."), field=name)
    _check_day(new.booked_on)
    _check_stands(new.from_key, new.cents, new.booked_on, new.below_reason)
    move = FundMove(**asdict(new), id=new_id(), state=MoveState.PROPOSED, made_at=now, made_by_id=actor.id)
    db.session.add(move)
    db.session.flush()
    told = {"cents": new.cents, "from": new.from_key, "to": new.to_key, "on": new.booked_on.isoformat()}
    record("funds.move_proposed", (SOURCE, move.id), actor=actor, now=now, changes=told)
    attach(decision, (SOURCE, move.id), DocumentKind.DECISION.value, actor=actor, now=now)
    return move.id


def approve(move_id: int, *, actor: Actor, now: datetime) -> None:
    """Book it, inside `writing()`. Raises Refused for whoever proposed it, once its month is closed, and where the
    fund meanwhile holds less."""
    move = _locked(move_id)
    MOVE_MOVES.check(move.state, MoveState.BOOKED)
    if actor.kind != "staff" or actor.id == move.made_by_id:
        raise Refused(N_("Somebody else than who proposed this approves it."))
    _check_day(move.booked_on)
    _lock([move.from_key, move.to_key])
    _check_stands(move.from_key, move.cents, move.booked_on, move.below_reason)
    known = places("nl")
    sides = [known.get(key) for key in (move.from_key, move.to_key)]
    of_funds = fund_accounts([side.fund_id for side in sides if side and side.fund_id], actor=actor, now=now)
    accounts = []
    for side in sides:
        if side is None:
            raise Refused(N_("One of these funds is not in use any more."))
        accounts.append((of_funds[side.fund_id] if side.fund_id else side.account, side.programme_id))
    entry = equity_postings.fund_moved((SOURCE, move.id), move.cents, move.booked_on, accounts[0], accounts[1])
    ledger.post([entry], actor=actor, now=now)
    move.state, move.approved_at, move.approved_by_id = MoveState.BOOKED, now, actor.id
    record("funds.move_booked", (SOURCE, move.id), actor=actor, now=now, changes={"cents": move.cents})


def withdraw(move_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Give a proposal up, inside `writing()`. Raises Invalid without a reason, Refused once it was booked."""
    move = _locked(move_id)
    _end(move, MoveState.WITHDRAWN, reason, actor, now)
    record("funds.move_withdrawn", (SOURCE, move.id), actor=actor, now=now, changes={"reason": reason.strip()})


def undo(move_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take it back by a counter entry, inside `writing()`: on the same day where its month is open, else today.
    Raises Invalid without a reason, Refused unless it is booked."""
    move = _locked(move_id)
    _end(move, MoveState.UNDONE, reason, actor, now)
    on = local_date(now) if closed_months([month_start(move.booked_on)]) else move.booked_on
    ledger.reverse(source=(SOURCE, move.id), on=on, actor=actor, now=now)
    record("funds.move_undone", (SOURCE, move.id), actor=actor, now=now, changes={"reason": reason.strip()})


def _end(move: FundMove, state: MoveState, reason: str, actor: Actor, now: datetime) -> None:
    MOVE_MOVES.check(move.state, state)
    if not reason.strip():
        raise Invalid(N_("Please fill this in."), field="reason")
    move.state, move.ended_at, move.ended_by_id, move.ended_reason = state, now, actor.id, reason.strip()


def _locked(move_id: int) -> FundMove:
    move = db.session.get(FundMove, move_id, with_for_update=True, populate_existing=True)
    if move is None:
        raise NotFound(N_("This move is not there."))
    return move


def _check_day(on: date) -> None:
    opened = openings.latest()
    if opened is not None and on <= opened:
        raise Refused(N_("This day lies before the opening balance: the funds of that say what stood on them."))
    refuse_closed([on])


def _lock(keys: list[str]) -> None:
    """Nobody else moves money of these until we commit: two moves may not both see the same money."""
    fund_ids = sorted(int(key[1:]) for key in keys if key[0] == "f")
    db.session.execute(select(Fund.id).where(Fund.id.in_(fund_ids)).order_by(Fund.id).with_for_update())
    shared = select(Account.id).where(Account.code.in_((RESTRICTED, EARMARKED))).order_by(Account.id)
    db.session.execute(shared.with_for_update(key_share=True))


def _check_stands(key: str, cents: int, on: date, below_reason: str) -> None:
    """Raise Invalid where this is more than stands there, on its day or today, and nobody said why."""
    if below_reason.strip():
        return
    then, today = places("nl", add_months(month_start(on), 1)).get(key), places("nl").get(key)
    stands = min(_cents(then), _cents(today))
    if cents > max(stands, 0):
        raise Invalid(
            N_("Only %(amount)s stands there. Say below why it may go below zero, or move less."), field="amount",
            amount=Money(max(stands, 0)),
        )  # fmt: skip


def _cents(place: Place | None) -> int:
    return place.cents if place else 0
