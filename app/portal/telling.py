"""Mails that tell a donor what was done on their page, so that nobody else does it unseen. Inside `with writing():`."""

from __future__ import annotations

from datetime import datetime

from app.base.dates import format_long_date
from app.base.ids import new_id
from app.gifts.recurring.effects import Effect
from app.outbox.services import queue_mail
from app.portal.overview import Recurring
from app.portal.sessions import Donor
from app.supporters import queries as supporters


def tell_changed(each: Recurring, what: str, effect: Effect, donor: Donor, *, now: datetime) -> None:
    """A recurring gift was changed: what, from which day on, and what is under way."""
    lang = donor.language
    amounts = [cents for _on, cents in each.later] or [each.cents]
    data = {
        "salutation": supporters.get(donor.id).salutation(), "what": what, "amount_cents": amounts[-1],
        "day_of_month": each.row.day,
        "first_on": format_long_date(effect.first_on, lang) if effect.first_on else "",
        "until": format_long_date(each.row.resume_on, lang) if each.row.resume_on else "",
        "under_way": [[c.cents, format_long_date(c.collect_on, lang)] for c in effect.under_way],
    }  # fmt: skip
    queue_mail(
        "portal/changed",
        donor.email,
        data,
        language=lang,
        now=now,
        key=f"portal/changed:{new_id()}",
        person_id=donor.id,
    )
