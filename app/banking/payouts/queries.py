"""Reading payouts: what each comes to, and what stands on clearing and why. Amounts are signed cents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, select

from app.banking.match_models import BankMatch, MatchKind
from app.banking.matching.payouts import on_bank
from app.banking.payouts.models import Payout, PayoutPart, PayoutState
from app.banking.payouts.taking import booked_before
from app.banking.payouts.tying import LIVE, PROVIDERS, Tie, Verdict, in_a_payout, ties
from app.extensions import db
from app.ledger import queries as ledger
from app.ledger.accounts import ACCOUNTING, CLEARING
from app.payments.models import Payment, PaymentEvent, ProviderKey
from app.payments.providers.settlements import PartKind

SHOWN = 50


@dataclass(slots=True)
class Sums:
    """A payout by kind of part, and what of it is not as it should be."""

    payments: int = 0
    refunds: int = 0
    chargebacks: int = 0
    other: int = 0
    count: int = 0
    open: int = 0  # parts that are not known here to the cent


@dataclass(frozen=True, slots=True)
class Whole:
    """A payout with all that can be said of it. `troubles` are the parts that are not known here to the cent.

    `left` is what stands on clearing because of it: not on the bank yet, parts not known here, what does not add up
    and fees that wait.
    """

    payout: Payout
    sums: Sums
    came: int
    waiting_fee: int
    troubles: list[tuple[PayoutPart, Tie]] = field(default_factory=list)
    outside: list[PayoutPart] = field(default_factory=list)

    @property
    def not_on_bank(self) -> int:
        return self.payout.net_cents - self.came

    @property
    def missing(self) -> int:
        return sum(tie.missing(part) for part, tie in self.troubles)

    @property
    def left(self) -> int:
        if self.payout.state is PayoutState.UNDONE:
            return 0
        return self.not_on_bank + self.missing + self.payout.other_cents + self.waiting_fee

    @property
    def complete(self) -> bool:
        return not (self.not_on_bank or self.troubles or self.payout.other_cents or self.waiting_fee)


def payouts() -> Select[Any]:
    return select(Payout)


def payout(payout_id: int) -> Payout | None:
    return db.session.get(Payout, payout_id)


def whole(row: Payout) -> Whole:
    """One payout, each of its parts compared with ours."""
    mine = select(PayoutPart).where(PayoutPart.payout_id == row.id).order_by(PayoutPart.happened_on, PayoutPart.id)
    parts = list(db.session.execute(mine).scalars())
    known = ties(row.provider, parts)
    sums, troubles, outside = Sums(count=len(parts)), [], []
    for part in parts:
        name = {PartKind.PAYMENT: "payments", PartKind.REFUND: "refunds", PartKind.CHARGEBACK: "chargebacks"}
        each = name.get(part.kind, "other")
        setattr(sums, each, getattr(sums, each) + part.cents)
        if part.outside:
            outside.append(part)
        elif known[part.id].verdict is not Verdict.KNOWN:
            troubles.append((part, known[part.id]))
    sums.open = len(troubles)
    waiting = row.fee_cents - booked_before(row) if row.state is PayoutState.WAITING else 0
    return Whole(row, sums, on_bank([row.id]).get(row.id, 0), waiting, troubles, outside)


def open_parts(payout_ids: Iterable[int] | None = None) -> dict[int, int]:
    """How many parts of these payouts (or of all) are not known here to the cent. One statement."""
    key = literal("paid:") + Payout.provider + literal(":") + PayoutPart.provider_id
    payment = (
        select(Payment.id)
        .join(ProviderKey, ProviderKey.row_id == Payment.id)
        .where(ProviderKey.key == key, Payment.amount_cents == PayoutPart.cents)
    )
    event = select(PaymentEvent.id).where(
        PaymentEvent.provider_id == PayoutPart.provider_id, PaymentEvent.amount_cents == -PayoutPart.cents
    )
    known = case((PayoutPart.kind == PartKind.PAYMENT, payment.exists()), else_=event.exists())
    found = (
        select(PayoutPart.payout_id, func.count())
        .join(Payout, Payout.id == PayoutPart.payout_id)
        .where(Payout.state.in_(LIVE), ~PayoutPart.outside, ~known)
        .group_by(PayoutPart.payout_id)
    )
    if payout_ids is not None:
        found = found.where(PayoutPart.payout_id.in_(list(payout_ids)))
    return dict(db.session.execute(found).all())


def bank_lines(payout_id: int) -> list[BankMatch]:
    """The matches of bank lines with this payout that stand, oldest first."""
    mine = (BankMatch.target_id == payout_id) & (BankMatch.kind == MatchKind.PAYOUT) & BankMatch.undone_at.is_(None)
    return list(db.session.execute(select(BankMatch).where(mine).order_by(BankMatch.id)).scalars())


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """Money received that no payout brought yet: `cents` after what went back and fees, `oldest` first."""

    cents: int
    count: int
    oldest: list[Any]
    back: int  # refunds and chargebacks that no payout held back yet: negative


@dataclass(frozen=True, slots=True)
class ClearingOf:
    """What stands on the clearing account of a provider, and why."""

    provider: str
    code: str
    cents: int
    on_its_way: OnItsWay
    payouts: list[Whole]

    @property
    def unexplained(self) -> int:
        return self.cents - self.on_its_way.cents - self.on_its_way.back - sum(each.left for each in self.payouts)


def clearing() -> list[ClearingOf]:
    """Of each provider on whose clearing account anything was ever booked, or that paid anything out."""
    balances = ledger.balances()
    found = []
    for provider in PROVIDERS:
        code = CLEARING[provider]
        open_ = _open(provider)
        if code in balances or open_:
            cents = balances[code].cents if code in balances else 0
            found.append(ClearingOf(provider, code, cents, _on_its_way(provider), open_))
    return found


@dataclass(frozen=True, slots=True)
class OtherClearing:
    """What stands on a clearing account of ours that is of no provider."""

    code: str
    cents: int


def others() -> list[OtherClearing]:
    """Clearing of our own direct debits, and with the accounting package, where anything was ever booked on it: items
    may come to nothing together."""
    balances = ledger.balances()
    codes = (CLEARING["direct_debit"], ACCOUNTING)
    return [OtherClearing(code, balances[code].cents) for code in codes if code in balances]


def _open(provider: str) -> list[Whole]:
    """Payouts because of which something stands on clearing, newest first."""
    came = (
        select(func.coalesce(func.sum(BankMatch.cents), 0))
        .where(BankMatch.target_id == Payout.id, BankMatch.kind == MatchKind.PAYOUT, BankMatch.undone_at.is_(None))
        .scalar_subquery()
    )
    waits = (Payout.state == PayoutState.WAITING) | (Payout.other_cents != 0) | (Payout.net_cents != came)
    mine = (
        select(Payout)
        .where(Payout.provider == provider, Payout.state.in_(LIVE), waits | Payout.id.in_(open_parts()))
        .order_by(Payout.settled_on.desc(), Payout.id.desc())
    )
    return [each for row in db.session.execute(mine).scalars() if (each := whole(row)).left or each.troubles]


def _on_its_way(provider: str) -> OnItsWay:
    """Only what no payout is known to have brought is looked at, by the mark: not all there ever was."""
    paid, went = in_a_payout(provider)
    waits = and_(Payment.provider == provider, Payment.paid_out_at.is_(None), ~paid)
    net = Payment.amount_cents - func.coalesce(Payment.fee_cents, 0)
    count, cents = db.session.execute(select(func.count(), func.coalesce(func.sum(net), 0)).where(waits)).one()
    oldest = select(Payment.checkout_id, Payment.paid_at, Payment.method, net.label("cents"))
    oldest = oldest.where(waits).order_by(Payment.paid_at, Payment.id).limit(SHOWN)
    went_back = (
        select(func.coalesce(func.sum(-PaymentEvent.amount_cents), 0))
        .join(Payment, Payment.id == PaymentEvent.payment_id)
        .where(PaymentEvent.paid_out_at.is_(None), Payment.provider == provider, ~went)
    )
    back = db.session.execute(went_back).scalar_one()
    return OnItsWay(int(cents), int(count), list(db.session.execute(oldest)), int(back))
