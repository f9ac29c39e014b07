"""What a donor sees of their own: gifts as they are, recurring gifts with what is under way, the years of giving."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from app.base.errors import NotFound
from app.base.states import N_
from app.direct_debit import queries as direct_debit
from app.direct_debit.models import Mandate
from app.direct_debit.states import MandateState
from app.extensions import db
from app.gifts.models import HELD, Gift, GiftState
from app.gifts.periodic.models import Agreement, AgreementState
from app.gifts.periodic.queries import bound_by
from app.gifts.recurring.amounts import amounts_of_many, next_amounts
from app.gifts.recurring.effects import UnderWay, under_way_of
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState

MOST_GIFTS = 200  # of one year on one page
SAID = {
    GiftState.PROMISED: N_("We wait for your transfer"),
    GiftState.RECEIVED: N_("Received"),
    GiftState.CANCELED: N_("Did not go through"),
    GiftState.REFUNDED: N_("Paid back to you"),
    GiftState.CHARGED_BACK: N_("Taken back by your bank"),
}


@dataclass(frozen=True, slots=True)
class Recurring:
    """One recurring gift. `cents` is what the next instalment comes to, `later` the amounts that follow it."""

    row: Commitment
    cents: int
    later: list[tuple[date, int]]
    mandate: Mandate | None
    under_way: tuple[UnderWay, ...]
    agreement: Agreement | None

    @property
    def is_over(self) -> bool:
        return self.row.state is CommitmentState.ENDED

    @property
    def can_go_on(self) -> bool:
        """Whether the account that we have may still be collected from."""
        return self.mandate is not None and self.mandate.state is MandateState.ACTIVE


def recurring_of(supporter_id: int) -> list[Recurring]:
    """All recurring gifts of a supporter, the running ones first."""
    rows = list(db.session.scalars(select(Commitment).where(Commitment.supporter_id == supporter_id)))
    rows.sort(key=lambda row: (row.state is CommitmentState.ENDED, -row.id))
    return _told(rows[:30])


def recurring(commitment_id: int, supporter_id: int) -> Recurring:
    """This recurring gift if it is this supporter's; another's looks the same as none."""
    row = db.session.get(Commitment, commitment_id)
    if row is None or row.supporter_id != supporter_id:
        raise NotFound(N_("This is not on your page."))
    return _told([row])[0]


def one(commitment_id: int) -> Recurring:
    """A recurring gift behind a link of its own. Raises NotFound."""
    row = db.session.get(Commitment, commitment_id)
    if row is None:
        raise NotFound(N_("This is not on your page."))
    return _told([row])[0]


def _told(rows: list[Commitment]) -> list[Recurring]:
    ids = [row.id for row in rows]
    cents, bound, amounts, going = next_amounts(ids), bound_by(ids), amounts_of_many(ids), under_way_of(ids)
    mandates = direct_debit.mandates([row.mandate_id for row in rows if row.mandate_id])
    return [
        Recurring(
            row, cents.get(row.id, 0), [each for each in amounts.get(row.id, ()) if each[0] > row.next_on],
            mandates.get(row.mandate_id or 0), going.get(row.id, ()), bound.get(row.id),
        )
        for row in rows
    ]  # fmt: skip


def agreements_of(supporter_id: int) -> list[Agreement]:
    """The running agreements for periodic gifts."""
    rows = select(Agreement).where(Agreement.supporter_id == supporter_id, Agreement.state == AgreementState.ACTIVE)
    return list(db.session.scalars(rows.order_by(Agreement.id)))


def years_of(supporter_id: int, today: date) -> list[int]:
    """The years from the first gift or promise to now, newest first; this year where there is nothing yet."""
    first, last = db.session.execute(
        select(func.min(Gift.gift_date), func.max(Gift.gift_date)).where(Gift.supporter_id == supporter_id)
    ).one()
    if first is None:
        return [today.year]
    return list(range(max(last.year, today.year), first.year - 1, -1))


def gifts_of(supporter_id: int, year: int) -> list[Gift]:
    """The gifts of a year, newest first."""
    mine = (Gift.supporter_id == supporter_id) & Gift.gift_date.between(date(year, 1, 1), date(year, 12, 31))
    rows = select(Gift).where(mine).order_by(Gift.gift_date.desc(), Gift.id.desc()).limit(MOST_GIFTS)
    return list(db.session.scalars(rows))


def kept_in(supporter_id: int, year: int) -> int:
    """What stayed with us of a year's gifts, in cents."""
    mine = (Gift.supporter_id == supporter_id) & Gift.gift_date.between(date(year, 1, 1), date(year, 12, 31))
    total = select(func.coalesce(func.sum(Gift.amount_cents - Gift.refunded_cents), 0))
    return int(db.session.execute(total.where(mine, Gift.state.in_(HELD))).scalar_one())


def gift_of(gift_id: int, supporter_id: int) -> Gift:
    """This gift if it is this supporter's; another's looks the same as none."""
    gift = db.session.get(Gift, gift_id)
    if gift is None or gift.supporter_id != supporter_id:
        raise NotFound(N_("This is not on your page."))
    return gift
