"""Where agreements are found: side bar, the donor's page, the trail, tasks and documents."""

from __future__ import annotations

from app.audit import words
from app.base.dates import local_date
from app.base.states import N_
from app.documents import services as documents
from app.extensions import now
from app.gifts.periodic import allocation, queries
from app.gifts.periodic.models import AgreementState
from app.gifts.periodic.services import SUBJECT
from app.gifts.periodic.views import TONES
from app.supporters.queries import get
from app.ui import navigation, records
from app.ui.navigation import NavItem, Section
from app.ui.panels import Panel, panel
from app.ui.permissions import Permission


def register() -> None:
    read = Permission.GIFTS_READ
    navigation.add(NavItem(Section.GIFTS, "periodic.index", N_("Periodic gifts"), read, 30, ("periodic.",)))
    records.register(SUBJECT, N_("Periodic gift"), "periodic.show", "agreement_id", read, queries.numbers)
    # A signed copy shows the BSN: its files are for those who may see one.
    documents.protect(SUBJECT, Permission.BSN_READ, Permission.BSN_READ, of_person=True)
    words.subject(SUBJECT, N_("Periodic gift"), "periodic.show", "agreement_id")
    words.actions(
        {
            "agreement.draft": N_("drew up an agreement for a periodic gift"),
            "agreement.changed": N_("changed an agreement for a periodic gift"),
            "agreement.sent": N_("sent an agreement to be signed"),
            "agreement.signed": N_("noted that the donor signed an agreement"),
            "agreement.active": N_("signed an agreement for the charity"),
            "agreement.ended": N_("ended an agreement as agreed"),
            "agreement.broken": N_("ended an agreement that was not kept"),
            "agreement.withdrawn": N_("gave up an agreement"),
            "agreement.offered_online": N_("laid an agreement ready to be signed online"),
            "agreement.signed_online": N_("signed an agreement online"),
            "agreement.countersigned_online": N_("signed an agreement online for the charity"),
            "agreement.bsn_stored": N_("stored a BSN"),
            "agreement.bsn_seen": N_("looked at a BSN"),
            "agreement.bsn_deleted": N_("deleted a BSN"),
        }
    )
    words.fields({}, {"state": {state.value: state.label for state in AgreementState}})


@panel("supporter", "periodic", order=25, permission=Permission.GIFTS_READ)
def periodic(supporter_id: int) -> Panel | None:
    """Agreements, and whether what was agreed was given in the year that is watched."""
    found, year = queries.of_supporter(supporter_id), queries.watched_year(local_date(now()))
    short = allocation.behind(year, supporter_id=supporter_id) if found else []
    return Panel(
        "gifts/periodic/panel.html",
        {
            "agreements": found,
            "supporter_id": supporter_id,
            "tones": TONES,
            "year": year,
            "short": short,
            "erased": get(supporter_id).anonymised_at is not None,
        },
    )
