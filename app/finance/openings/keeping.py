"""How long sheets of mandates stay that were brought in. They hold names and accounts of donors, and serve to check
and undo the taking in, not to prove the mandates: so no longer than that takes (GDPR art. 5(1)(e)), and not after one
of the donors was erased."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from app.base.events import on
from app.base.works import Payload, periodic
from app.direct_debit.models import Mandate
from app.documents.erasing import remove_unused
from app.extensions import now, writing
from app.finance.openings.models import Opening, OpeningKind, OpeningMandate, OpeningState
from app.privacy.events import SupportersErased

DAYS = 90  # after it was taken in, undone, or left lying
_OURS = (Opening.kind == OpeningKind.MANDATES) & (Opening.state != OpeningState.ENTERING)


@periodic("finance.forget_sheets", every=timedelta(days=1))
def forget_sheets(_: Payload) -> None:
    """Take sheets of mandates off the disk once their days are over; what they became stays. One that was undone and
    taken in anew stays as long as the later time needs it."""
    last = func.coalesce(Opening.undone_at, Opening.entered_at, Opening.created_at)
    with writing():
        remove_unused(Opening.sha256, _OURS & (last < now() - timedelta(days=DAYS)))


@on(SupportersErased)
def forget_theirs(event: SupportersErased) -> None:
    """Sheets that a mandate of theirs came from go at once."""
    theirs = select(OpeningMandate.opening_id).join(Mandate, Mandate.id == OpeningMandate.mandate_id)
    theirs = theirs.where(Mandate.supporter_id.in_(event.ids))
    same = Opening.sha256.in_(select(Opening.sha256).where(Opening.id.in_(theirs)))  # also one that was undone
    remove_unused(Opening.sha256, _OURS & same)
