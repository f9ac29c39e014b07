"""Reading the partners of a grant. Each function is a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from app.base.errors import NotFound
from app.base.money import Money
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.partners.models import GrantPartner, PartnerRole
from app.supporters.models import Supporter

ROLES = list(PartnerRole)
WHOLE = 10_000  # basis points in a hundred percent


@dataclass(frozen=True, slots=True)
class PartnerView:
    """A partner as pages and reports show it. `amount_cents` is the share of the grant in money."""

    id: int
    supporter_id: int
    name: str
    role: str
    share_percent: Decimal | None
    amount_cents: int | None


def partners(grant_id: int) -> list[PartnerView]:
    """The partners of a grant: lead first, then by name. Shares that make the whole lose no cent."""
    found = db.session.execute(
        select(GrantPartner, Supporter.display_name, Grant.amount_cents)
        .join(Supporter, Supporter.id == GrantPartner.supporter_id)
        .join(Grant, Grant.id == GrantPartner.grant_id)
        .where(GrantPartner.grant_id == grant_id)
        .order_by(Supporter.sort_key, GrantPartner.id)
    ).all()
    rows = sorted(found, key=lambda row: ROLES.index(row[0].role))
    cents = share_cents([row[0].share_basis_points for row in rows], rows[0][2]) if rows else []
    return [
        PartnerView(
            id=row.id,
            supporter_id=row.supporter_id,
            name=name,
            role=row.role.value,
            share_percent=None if row.share_basis_points is None else Decimal(row.share_basis_points) / 100,
            amount_cents=amount,
        )
        for (row, name, _whole), amount in zip(rows, cents, strict=True)
    ]


def share_cents(shares: Sequence[int | None], whole_cents: int) -> list[int | None]:
    """Cents of each share (basis points; None: no share agreed). What is left over is nobody's."""
    given = [share or 0 for share in shares]
    if not any(given):
        return [None if share is None else 0 for share in shares]
    rest = max(WHOLE - sum(given), 0)
    if sum(given) <= WHOLE:
        parts = [each.cents for each in Money(whole_cents).split([*given, rest])]
    else:
        parts = [whole_cents * share // WHOLE for share in given]
    return [None if share is None else part for share, part in zip(shares, parts, strict=False)]


def shares_percent(views: Sequence[PartnerView]) -> Decimal | None:
    """What the shares come to; None where none is agreed. Other than 100 is shown as a warning."""
    known = [view.share_percent for view in views if view.share_percent is not None]
    return sum(known, Decimal(0)) if known else None


def rows(grant_id: int) -> list[GrantPartner]:
    """The partner rows themselves, with contact and version."""
    return list(db.session.execute(select(GrantPartner).where(GrantPartner.grant_id == grant_id)).scalars())


def one(partner_id: int) -> tuple[GrantPartner, str]:
    """The row and the partner's name, or NotFound."""
    found = db.session.execute(
        select(GrantPartner, Supporter.display_name)
        .join(Supporter, Supporter.id == GrantPartner.supporter_id)
        .where(GrantPartner.id == partner_id)
    ).first()
    if found is None:
        raise NotFound(N_("This is not here, or not any more."))
    return found[0], found[1]
