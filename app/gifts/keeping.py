"""What of a donor who is erased has to stay for a while, what ends, and what has to end first (DOMAIN.md 4.3)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from app.base.events import on
from app.base.holdings import Duty, Obstacle, declare_duty, declare_running
from app.base.states import N_
from app.extensions import db
from app.gifts.models import HELD, Gift, GiftState
from app.gifts.periodic import services as periodic
from app.gifts.periodic.models import Agreement, AgreementState
from app.gifts.recurring import changing
from app.gifts.recurring.effects import under_way_of
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState, EndReason
from app.payments.opening import empty_unpaid_of
from app.privacy.events import SupportersErased
from app.supporters.contact_models import Email
from app.supporters.events import SupportersDied

FISCAL_YEARS = 7  # AWR art. 52, from the end of the year


def agreement_until(supporter_id: int) -> date | None:
    """The end of the seventh year after the last gift or the end of an agreement; None without one."""
    ended = select(func.count(), func.max(Agreement.ended_on), func.max(Agreement.signed_on))
    count, ended_on, signed_on = db.session.execute(ended.where(Agreement.supporter_id == supporter_id)).one()
    if not count:
        return None
    given = select(func.max(Gift.gift_date)).where(Gift.supporter_id == supporter_id, Gift.state.in_(HELD))
    days = [day for day in (ended_on, signed_on, db.session.execute(given).scalar()) if day]
    return date(max(days).year + FISCAL_YEARS, 12, 31) if days else None


def running(supporter_id: int) -> list[Obstacle]:
    """Recurring gifts, collections under way, promised transfers and agreements of this supporter."""
    found: list[Obstacle] = []
    rows = db.session.scalars(select(Commitment).where(Commitment.supporter_id == supporter_id)).all()
    for row in rows:
        if row.state is not CommitmentState.ENDED:
            link = ("recurring.show", "commitment_id", row.id)
            found.append(Obstacle(N_("A recurring gift is not ended yet: end it first."), True, link))
    for each in under_way_of([row.id for row in rows]).values():
        text = N_("A collection is under way: it is booked without the name.")
        found += [Obstacle(text, False, cents=one.cents, on=one.collect_on) for one in each]
    running = (Agreement.supporter_id == supporter_id) & (Agreement.state == AgreementState.ACTIVE)
    for agreement_id in db.session.scalars(select(Agreement.id).where(running)):
        link = ("periodic.show", "agreement_id", agreement_id)
        found.append(Obstacle(N_("An agreement for periodic gifts runs: end it first."), True, link))
    promised = (Gift.supporter_id == supporter_id) & (Gift.state == GiftState.PROMISED)
    for cents in db.session.scalars(select(Gift.amount_cents).where(promised)):
        text = N_("A transfer was promised and did not come yet: what comes later is booked without the name.")
        found.append(Obstacle(text, False, cents=cents))
    return found


@on(SupportersErased)
def end_recurring(event: SupportersErased) -> None:
    """Recurring gifts end; there are any only where a backup was restored or one began since it was decided."""
    changing.end_for(event.ids, EndReason.ERASED, actor=event.actor, now=event.at)


@on(SupportersDied)
def end_with_their_death(event: SupportersDied) -> None:
    """Recurring gifts of the dead end at once: a page that calls one active frightens the family on the phone."""
    changing.end_for(event.ids, EndReason.DECEASED, actor=event.actor, now=event.at)


@on(SupportersErased)
def give_up_agreements(event: SupportersErased) -> None:
    """What both did not sign yet does not come about; what lay ready to be signed online is over."""
    states = (AgreementState.DRAFT, AgreementState.SENT, AgreementState.SIGNED)
    mine = Agreement.supporter_id.in_(event.ids) & Agreement.state.in_(states)
    for agreement_id in db.session.scalars(select(Agreement.id).where(mine)).all():
        periodic.withdraw(agreement_id, actor=event.actor, now=event.at)


@on(SupportersErased)
def forget_unpaid(event: SupportersErased) -> None:
    """What they typed in forms that were not paid goes at once instead of after thirty days."""
    empty_unpaid_of(db.session.scalars(select(Email.address_key).where(Email.supporter_id.in_(event.ids))).all())


def books_until(supporter_id: int) -> date | None:
    """The end of the seventh year after the last gift; None without one."""
    last = select(func.max(Gift.gift_date)).where(Gift.supporter_id == supporter_id)
    day = db.session.execute(last).scalar()
    return date(day.year + FISCAL_YEARS, 12, 31) if day else None


def register() -> None:
    books = N_("What stands on our bank statements, as the bank sent them: seven years, for the tax office")
    declare_duty(Duty("gift", (), books, books_until))
    why = N_("The agreement for periodic gifts, with the name: seven years after the last gift, for the tax office")
    declare_duty(Duty("periodic_agreement", ("first_names", "last_name", "signed_place"), why, agreement_until))
    declare_duty(Duty("periodic_signing", ("donor_name", "donor_mailbox"), why, agreement_until))
    declare_running("gifts", running)
