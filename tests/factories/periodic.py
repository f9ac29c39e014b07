"""Agreements for periodic gifts, through the services. In transactions of their own."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.base.actor import SYSTEM
from app.documents import pdf
from app.documents.files import keep
from app.extensions import db, now, writing
from app.gifts.periodic import paper, queries, services, signing
from app.gifts.periodic.models import Term
from app.gifts.periodic.services import Facts, Signature
from app.organisation import signing as signing_approval


def agreement(supporter_id: int, **facts: Any) -> int:
    """One that is being drawn up: € 250 a year for five years from this one on."""
    filled: dict[str, Any] = {
        "yearly_cents": 25_000, "term": Term.FIVE, "first_year": now().year, "first_names": "Anna Maria",
        "last_name": "van den Berg",
    } | facts  # fmt: skip
    with writing():
        return services.draw_up(supporter_id, Facts(**filled), actor=SYSTEM, now=now())


def running(supporter_id: int, signed_on: date, **facts: Any) -> int:
    """One that both signed on this day."""
    row_id = agreement(supporter_id, **{"first_year": signed_on.year} | facts)
    with writing():
        services.send(row_id, actor=SYSTEM, now=now())
        services.sign(row_id, Signature(on=signed_on, place="Utrecht"), actor=SYSTEM, now=now())
        ours = Signature(on=signed_on, place="Den Haag", name="J. Jansen", function="penningmeester")
        services.activate(row_id, ours, actor=SYSTEM, now=now())
    return row_id


APPROVAL = {
    "adviser": "belastingadviseur, partner", "firm": "Advieskantoor Voorbeeld",
    "scope": "Ondertekening met volledige naam en een code per mail.",
}  # fmt: skip
WHOLE: dict[str, Any] = {
    "birth_date": date(1970, 2, 1), "birth_place": "Utrecht", "street": "Kade 1", "postcode": "3511 AB",
    "town": "Utrecht",
}  # fmt: skip


def approve() -> int:
    """A tax adviser's approval stands: agreements may be signed online."""
    advice = keep(b"%PDF-1.7 advice", "advies.pdf")
    with writing():
        return signing_approval.record(
            signing_approval.Approval(on=date(2026, 11, 1), **APPROVAL), advice, actor=SYSTEM, now=now()
        )


def offered(supporter_id: int, **facts: Any) -> tuple[int, int]:
    """(agreement, signing) of one that lies ready to be signed online."""
    agreement_id = agreement(supporter_id, **WHOLE | facts)
    data = paper.to_sign(queries.get(agreement_id))
    db.session.rollback()
    file = keep(pdf.render(paper.TEMPLATE, data), "agreement.pdf")
    with writing():
        return agreement_id, signing.offer(agreement_id, file, data, actor=SYSTEM, now=now())
