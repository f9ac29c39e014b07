"""Direct debits by our own mandates for the demo: a batch that waits for approval, and a return to place."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import literal, select

from app.base.actor import Actor, system
from app.base.business_days import add_bank_days
from app.base.dates import local_date
from app.base.ids import new_ids
from app.demo.people import people
from app.direct_debit import batches, building, collections, consent, mandates, returning
from app.direct_debit.states import ConsentHow, MandateState
from app.extensions import now, writing
from app.gifts.recurring import schedule
from app.gifts.recurring.history import Change, tell
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.starting import NewCommitment, begin
from app.gifts.recurring.states import ChangeKind, CommitmentState, Frequency
from app.organisation.models import AccountPurpose
from app.organisation.queries import forget, profile
from app.staff.models import Staff
from app.supporters.services import create_people
from app.ui.permissions import Role

LOADER = system("demo")
AMOUNTS = (1000, 1250, 2500, 750)  # cents; the last one's mandate is suspended
# Examples of banks and manuals, nobody's accounts.
IBANS = ("NL91ABNA0417164300", "NL20INGB0001234567", "NL44RABO0123456789", "NL02ABNA0123456789")


def load(*, at: datetime) -> None:
    """The donors, announced and planned, inside `with writing():`."""
    who = create_people(list(people(len(AMOUNTS), 99)), actor=LOADER, now=at, look_for_doubles=False)
    today = local_date(at)
    collect_on, began = add_bank_days(today, 3), today - timedelta(days=40)
    drafts = [
        mandates.OwnMandateDraft(
            supporter_id=donor, iban=iban, holder="Voorbeeld", signed_on=began, how=ConsentHow.PAPER,
            text_version=consent.CURRENT, language="nl", note="archief, map 2",
        )
        for donor, iban in zip(who, IBANS, strict=True)
    ]  # fmt: skip
    signed = mandates.sign(drafts, actor=LOADER, now=at)
    ids = new_ids(len(AMOUNTS))
    gifts = [
        NewCommitment(
            id=row_id, supporter_id=donor, mandate_id=by, frequency=Frequency.MONTHLY, day=collect_on.day, cents=cents,
            started_on=began, source="demo", language="nl", paid=True,
        )
        for row_id, donor, by, cents in zip(ids, who, signed, AMOUNTS, strict=True)
    ]  # fmt: skip
    begin(gifts, actor=LOADER, now=at)
    active = CommitmentState.ACTIVE
    told = [
        Change(i, ChangeKind.NOTICE, active, active, collect_on, c, "letter") for i, c in zip(ids, AMOUNTS, strict=True)
    ]
    tell(told, actor=LOADER, now=at - timedelta(days=20))
    for row_id, cents in zip(ids, AMOUNTS, strict=True):
        source = select(
            Commitment.id.label("commitment_id"), Commitment.mandate_id, literal(cents).label("amount_cents"),
            Commitment.programme_id, Commitment.campaign_id,
        ).subquery()  # fmt: skip
        collections.plan(source, [row_id], period=schedule.period_of(collect_on), collect_on=collect_on, now=at)
    mandates.stop(signed[-1], MandateState.SUSPENDED, "AC04", actor=LOADER, now=at)
    lost = returning.Told(
        key="demo", source="pain.002 status.xml", on=today, settled=False, code="AC01", cents=1500,
        end_to_end="DON-0001",
    )  # fmt: skip
    returning.returned([lost], actor=LOADER, now=at)


def build() -> None:
    """The batch, built by finance; opens its own transactions."""
    forget()
    account = profile().account_for(AccountPurpose.COLLECTIONS)
    assert account
    with writing() as session:
        staff = session.execute(select(Staff.id).where(Staff.role == Role.FINANCE)).scalars().first()
        actor = Actor("staff", staff)
        batch_id = batches.begin(account.id, add_bank_days(local_date(now()), 3), actor=actor, now=now())
    building.fill(batch_id, actor=actor, bounded=writing)
