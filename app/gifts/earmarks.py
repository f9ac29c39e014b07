"""Giving a gift another purpose: what was booked is reversed and booked anew, and the change is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import insert, select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.gifts.models import HELD, Gift, GiftEarmark, GiftState
from app.ledger import postings
from app.ledger import services as ledger
from app.ledger.queries import live_entries


def change(
    gift_ids: Sequence[int], *, programme_id: int | None, campaign_id: int | None, reason: str, on: date,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Give these gifts this purpose; how many changed. `on` is the booking day of the counter entries: in an
    open period, and not before the gift. Raises NotFound, Invalid (`on`), Refused (a gift crossed out, a closed
    period)."""
    if on > local_date(now):
        raise Invalid(N_("This day is still to come."), field="booked_on")
    gifts = list(
        db.session.execute(
            select(Gift).where(Gift.id.in_(list(gift_ids))).order_by(Gift.id).with_for_update()
        ).scalars()
    )  # fmt: skip
    if len(gifts) != len(set(gift_ids)):
        raise NotFound(N_("This gift is not there."))
    changed = [g for g in gifts if (g.programme_id, g.campaign_id) != (programme_id, campaign_id)]
    for gift in changed:
        _move(gift, programme_id, campaign_id, reason, on, actor, now)
    return len(changed)


def _move(
    gift: Gift, programme_id: int | None, campaign_id: int | None, reason: str, on: date, actor: Actor, now: datetime
) -> None:
    if gift.state is GiftState.CANCELED:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=gift.state.label)
    booked = gift.state in HELD
    if booked and on < gift.gift_date:
        raise Invalid(N_("This is before the day of the gift."), field="booked_on")
    earmark_id = new_id()
    if booked:
        _book(gift, programme_id, campaign_id, earmark_id, on, actor, now)
    before = gift.programme_id, gift.campaign_id
    db.session.execute(
        insert(GiftEarmark).values(
            id=earmark_id, gift_id=gift.id, before_programme_id=before[0], after_programme_id=programme_id,
            before_campaign_id=before[1], after_campaign_id=campaign_id, reason=reason[:200],
            booked_on=on if booked else None, staff_id=actor.id if actor.kind == "staff" else None, at=now,
        )
    )  # fmt: skip
    db.session.execute(
        update(Gift).where(Gift.id == gift.id).values(programme_id=programme_id, campaign_id=campaign_id)
    )
    told = {"programme_id": [before[0], programme_id], "campaign_id": [before[1], campaign_id], "reason": ["", reason]}
    audit.record("gift.earmarked", ("gift", gift.id), actor=actor, now=now, changes=told, person_id=gift.supporter_id)


def _book(
    gift: Gift, programme_id: int | None, campaign_id: int | None, part: int, on: date, actor: Actor, now: datetime
) -> None:
    """Every live entry of the gift, refunds too, is reversed and booked anew: the old purpose comes to nothing,
    and undoing the gift later finds what to reverse."""
    purpose = postings.Purpose(rj_line=gift.rj_line, programme_id=programme_id, campaign_id=campaign_id)
    live = live_entries(("gift", gift.id))
    ledger.reverse(entry_ids=[entry_id for entry_id, _ in live], on=on, actor=actor, now=now)
    anew = [
        postings.gift_for_another_purpose(entry, on, purpose, part=f"earmark-{part}-{number}")
        for number, (_, entry) in enumerate(live)
    ]
    ledger.post(anew, actor=actor, now=now)


def changes_of(gift_id: int) -> list[GiftEarmark]:
    """Earlier purposes of a gift, newest change first."""
    mine = select(GiftEarmark).where(GiftEarmark.gift_id == gift_id).order_by(GiftEarmark.id.desc())
    return list(db.session.execute(mine).scalars())
