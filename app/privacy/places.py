"""Where requests for erasure are found: side bar, links from tasks, words of the trail."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from app.audit import words
from app.base.references import code_of
from app.base.states import N_
from app.extensions import db
from app.privacy.erasure import SUBJECT
from app.privacy.erasure_models import ErasureRequest
from app.ui import navigation, records
from app.ui.navigation import NavItem, Section
from app.ui.permissions import Permission


def _codes(ids: Collection[int]) -> dict[int, str]:
    rows = select(ErasureRequest.id, ErasureRequest.supporter_id).where(ErasureRequest.id.in_(list(ids)))
    return {row_id: code_of(supporter_id) for row_id, supporter_id in db.session.execute(rows)}


def register() -> None:
    read = Permission.NOTES_READ
    navigation.add(
        NavItem(Section.SUPPORTERS, "privacy.erasures", N_("Requests for erasure"), read, 35, ("privacy.erasure",))
    )
    records.register(SUBJECT, N_("Request for erasure"), "privacy.erasure", "request_id", read, _codes)
    words.actions(
        {
            "erasure.asked": N_("wrote down a request for erasure"),
            "erasure.accepted": N_("decided to erase"),
            "erasure.refused": N_("refused to erase"),
            "erasure.withdrawn": N_("withdrew the request for erasure"),
            "supporter.erased": N_("erased the person"),
        }
    )
