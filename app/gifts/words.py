"""What donors say with a gift: kept beside it, shown to staff, gone when the donor is erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert

from app.extensions import db
from app.gifts.models import GiftWords, Tribute
from app.payments.queries import CheckoutFacts


def keep(facts: Sequence[CheckoutFacts], supporters: Mapping[int, int]) -> None:
    """Keep what was said with these new gifts; `supporters` by checkout id."""
    rows = [row for f in facts if (row := _row(f, supporters[f.id]))]
    if rows:
        db.session.execute(insert(GiftWords), rows)


def _row(f: CheckoutFacts, supporter_id: int) -> dict[str, Any] | None:
    typed = f.details
    said = {name: str(typed.get(name, "")) for name in ("message", "tribute_name")}
    covered = int(typed.get("covered_cents", 0))
    contact = ""
    if typed.get("organisation"):
        contact = " ".join(str(typed.get(n, "")) for n in ("first_name", "infix", "last_name") if typed.get(n))
    if not any((*said.values(), covered, contact)):
        return None
    tribute = Tribute(typed["tribute"]) if said["tribute_name"] else None
    return said | {
        "id": f.id, "supporter_id": supporter_id, "tribute": tribute, "contact": contact, "covered_cents": covered,
    }  # fmt: skip


def of_gift(gift_id: int) -> GiftWords | None:
    return db.session.get(GiftWords, gift_id)
