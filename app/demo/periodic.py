"""Periodic gifts for the demo: an agreement that runs, and one that a donor began and has to sign on paper."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from app.base.actor import system
from app.base.dates import local_date, local_midnight
from app.demo.people import people
from app.gifts import services as gifts
from app.gifts.periodic import beginning, services
from app.gifts.periodic.models import Term
from app.gifts.periodic.services import Facts, Signature
from app.ledger.rj import RjLine
from app.portal.entering import DONOR
from app.supporters.drafts import AddressDraft, PersonDraft
from app.supporters.services import create_people

LOADER = system("demo")
YEARLY = 30_000  # cents, of both


def load(*, now: datetime) -> None:
    """Make them, inside `with writing():`."""
    drafts = [draft for draft in people(12, 55) if draft.email][:2]
    runs, begins = create_people(drafts, actor=LOADER, now=now, look_for_doubles=False)
    today = local_date(now)
    _run(runs, drafts[0], date(today.year - 1, 1, 12), today, now)
    asked = now - timedelta(days=4)
    facts = _facts(drafts[1], first_year=today.year + 1)
    row_id = beginning.begin(begins, facts, beginning.Numbers(session_id=0), actor=DONOR, now=asked)
    beginning.take_form(row_id, 0, actor=DONOR, now=asked)


def _run(donor_id: int, draft: PersonDraft, signed_on: date, today: date, now: datetime) -> None:
    """Signed by both at the beginning of last year, and kept since."""
    at = local_midnight(signed_on) + timedelta(hours=12)
    row_id = services.draw_up(donor_id, _facts(draft, first_year=signed_on.year), actor=LOADER, now=at)
    services.send(row_id, actor=LOADER, now=at)
    services.sign(row_id, Signature(on=signed_on, place="Utrecht"), actor=LOADER, now=at)
    ours = Signature(on=signed_on, place="Leeuwarden", name="C. Voorbeeld", function="penningmeester")
    services.activate(row_id, ours, actor=LOADER, now=at)
    given = [day for year in (today.year - 1, today.year) if (day := date(year, 1, 20)) <= today]
    made = [
        gifts.NewGift(
            supporter_id=donor_id, amount_cents=YEARLY, gift_date=day, method="bank_transfer", source="demo",
            rj_line=RjLine.INDIVIDUALS, via="bank",
        )
        for day in given
    ]  # fmt: skip
    gifts.make(made, actor=LOADER, now=now)


def _facts(draft: PersonDraft, *, first_year: int) -> Facts:
    name, home = draft.name, draft.address or AddressDraft()
    return Facts(
        yearly_cents=YEARLY, term=Term.FIVE, first_year=first_year, first_names=name.first_name,
        last_name=" ".join(part for part in (name.infix, name.last_name) if part), birth_date=date(1968, 5, 4),
        birth_place="Utrecht", street=f"{home.street} {home.house_number}", postcode=home.postcode, town=home.place,
    )  # fmt: skip
