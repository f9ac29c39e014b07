"""What a statement says of each donor: gifts in a range, parted as the tax rules part them (DOMAIN.md 4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from app.base.states import N_, Labelled
from app.extensions import db
from app.gifts.models import CASH, HELD, Gift
from app.gifts.periodic.allocation import allocate, counted_agreements


class Part(Labelled):
    PERIODIC = "periodic", N_("Periodic gifts")
    ORDINARY = "ordinary", N_("Ordinary gifts")
    NOT = "not", N_("Not deductible")


@dataclass(frozen=True, slots=True)
class Line:
    """One gift, or a part of one. `why` (a msgid) says why it cannot be deducted; `back`: the donor has it again."""

    part: Part
    day: date
    cents: int
    method: str
    number: str = ""
    why: str = ""
    back: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """The lines of one donor, oldest first."""

    supporter_id: int
    lines: list[Line] = field(default_factory=list)

    def of(self, part: Part) -> list[Line]:
        return [line for line in self.lines if line.part is part]

    def cents(self, *parts: Part) -> int:
        return sum(line.cents for line in self.lines if line.part in parts)

    @property
    def deductible_cents(self) -> int:
        return self.cents(Part.PERIODIC, Part.ORDINARY)

    @property
    def kept_cents(self) -> int:
        """What stayed with us, cash included."""
        return sum(line.cents for line in self.lines if not line.back)

    @property
    def digest(self) -> str:
        """Equal while the statement would say the same."""
        told = "\n".join(f"{x.part}|{x.day}|{x.cents}|{x.method}|{x.number}|{x.why}" for x in self.lines)
        return hashlib.sha256(told.encode()).hexdigest()


def gather(supporter_ids: Collection[int], start: date, end: date) -> dict[int, Content]:
    """The content for each of these, in two statements. Both days are included.

    Whole years are read, since the first gifts of a year fill a periodic agreement.
    """
    rows = select(Gift).where(
        Gift.supporter_id.in_(set(supporter_ids)), Gift.state.in_(HELD),
        Gift.gift_date >= date(start.year, 1, 1), Gift.gift_date <= end,
    )  # fmt: skip
    gifts = list(db.session.execute(rows.order_by(Gift.gift_date, Gift.id)).scalars())
    shares: dict[int, list[tuple[str, int]]] = {}
    for share in allocate(counted_agreements(supporter_ids), gifts):
        shares.setdefault(share.gift_id, []).append((share.agreement.number, share.cents))
    found = {i: Content(i) for i in supporter_ids}
    for gift in gifts:
        if gift.gift_date >= start:
            found[gift.supporter_id].lines.extend(_lines(gift, shares.get(gift.id, [])))
    return found


def _lines(gift: Gift, shares: list[tuple[str, int]]) -> list[Line]:
    day, method = gift.gift_date, gift.method
    lines = [Line(Part.PERIODIC, day, cents, method, number=number) for number, cents in shares]
    rest = gift.kept_cents - sum(cents for _number, cents in shares)
    if rest and method == CASH:
        lines.append(Line(Part.NOT, day, rest, method, why=N_("cash")))
    elif rest:
        lines.append(Line(Part.ORDINARY, day, rest, method))
    if gift.refunded_cents:
        why = N_("charged back") if gift.state == "charged_back" else N_("paid back")
        lines.append(Line(Part.NOT, day, gift.refunded_cents, method, why=why, back=True))
    return lines
