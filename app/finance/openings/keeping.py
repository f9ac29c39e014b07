"""How long sheets of mandates stay that were brought in. They hold names and accounts of donors, and serve to check
and undo the taking in, not to prove the mandates: so no longer than that takes (GDPR art. 5(1)(e)), and not after one
of the donors was erased."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import func, select

from app.base.events import on
from app.base.works import Payload, periodic
from app.direct_debit.models import Mandate
from app.documents.files import remove_stored
from app.documents.models import Document
from app.extensions import db, now
from app.finance.openings.models import Opening, OpeningKind, OpeningMandate, OpeningState
from app.privacy.events import SupportersErased

DAYS = 90  # after it was taken in, undone, or left lying
_OURS = (Opening.kind == OpeningKind.MANDATES) & (Opening.state != OpeningState.ENTERING)


@periodic("finance.forget_sheets", every=timedelta(days=1))
def forget_sheets(_: Payload) -> None:
    """Take sheets of mandates off the disk once their days are over; what they became stays."""
    last = func.coalesce(Opening.undone_at, Opening.entered_at, Opening.created_at)
    files = db.session.scalars(select(Opening.sha256).where(_OURS, last < now() - timedelta(days=DAYS))).all()
    _remove(files)
    db.session.rollback()


@on(SupportersErased)
def forget_theirs(event: SupportersErased) -> None:
    """Sheets that a mandate of theirs came from go at once."""
    theirs = select(OpeningMandate.opening_id).join(Mandate, Mandate.id == OpeningMandate.mandate_id)
    theirs = theirs.where(Mandate.supporter_id.in_(event.ids))
    _remove(db.session.scalars(select(Opening.sha256).where(_OURS, Opening.id.in_(theirs))).all())


def _remove(digests: Collection[str]) -> None:
    """But for what somebody keeps as a document too."""
    kept = set(db.session.scalars(select(Document.sha256).where(Document.sha256.in_(digests))))
    for digest in set(digests) - kept:
        remove_stored(digest)
