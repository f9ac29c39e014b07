"""Where recurring gifts are found in the product: side bar, the supporter's page, words of the trail."""

from __future__ import annotations

from app.audit import words
from app.base.states import N_
from app.direct_debit import queries as direct_debit
from app.direct_debit.batch_models import DebitBatch
from app.direct_debit.pain.pain008 import SequenceType
from app.direct_debit.states import BatchState, LeftOut
from app.documents import services as documents
from app.extensions import db
from app.gifts.recurring import listing
from app.gifts.recurring.states import ChangeKind, CommitmentState
from app.gifts.recurring.views import COLLECTION_TONES, MANDATE_TONES, TONES
from app.supporters.queries import get
from app.ui import navigation, records
from app.ui.navigation import NavItem, Section
from app.ui.panels import Panel, panel
from app.ui.permissions import Permission


def register() -> None:
    navigation.add(
        NavItem(Section.COLLECTION, "recurring.index", N_("Recurring gifts"), Permission.GIFTS_READ, 10),
        NavItem(Section.COLLECTION, "recurring.failed", N_("Failed collections"), Permission.GIFTS_READ, 20),
    )
    mandate, write = (N_("Mandate"), "recurring.mandate", "mandate_id"), Permission.GIFTS_WRITE
    records.register(direct_debit.SUBJECT, *mandate, Permission.GIFTS_READ, direct_debit.donors_of)
    # A scan shows the whole account and the signature.
    documents.protect(direct_debit.SUBJECT, write, write, of_person=True)
    words.subject(direct_debit.SUBJECT, *mandate)
    words.subject("commitment", N_("Recurring gift"), "recurring.show", "commitment_id")
    words.actions({f"commitment.{kind.value}": kind.label for kind in ChangeKind})
    words.actions(
        {
            "mandate.kept": N_("kept a mandate of the provider"),
            "mandate.signed": N_("kept a signed mandate"),
            "mandate.moved": N_("changed the state of a mandate"),
            "collection.handled": N_("dealt with a failed collection"),
            "recurring.exported": N_("took recurring gifts out as a sheet"),
        }
    )


@panel("debit_batch", "unplanned", order=10, permission=Permission.GIFTS_READ)
def unplanned(batch_id: int) -> Panel | None:
    """What falls due by the day of a batch and is not planned, while it can still be given up and built anew."""
    batch = db.session.get_one(DebitBatch, batch_id)
    if batch.state not in (BatchState.BUILT, BatchState.APPROVED):
        return None
    once = batch.sequence is SequenceType.OOFF
    rows = [(why, count) for why, count in listing.unplanned(batch.collect_on, once=once) if count]
    return Panel("gifts/recurring/unplanned.html", {"rows": rows, "untold": LeftOut.NOT_TOLD}) if rows else None


@panel("supporter", "recurring", order=25, permission=Permission.GIFTS_READ)
def recurring(supporter_id: int) -> Panel:
    """Commitments, mandates and collections, each apart."""
    return Panel(
        "gifts/recurring/panel.html",
        {
            "rows": listing.of_supporter(supporter_id), "mandates": direct_debit.mandates_of(supporter_id),
            "collections": listing.collections_of_supporter(supporter_id, 5), "tones": TONES,
            "mandate_tones": MANDATE_TONES, "collection_tones": COLLECTION_TONES, "supporter_id": supporter_id,
            "live": (CommitmentState.ACTIVE, CommitmentState.PAUSED),
            "erased": get(supporter_id).anonymised_at is not None,
        },
    )  # fmt: skip
