"""Agreements for periodic gifts, through the services. In transactions of their own."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.base.actor import SYSTEM
from app.extensions import now, writing
from app.gifts.periodic import services
from app.gifts.periodic.models import Term
from app.gifts.periodic.services import Facts, Signature


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
