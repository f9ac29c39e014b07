"""Reading mandates and collections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.direct_debit.models import Collection, Mandate, MandateChange
from app.direct_debit.states import WENT_WRONG, MandateKind
from app.extensions import db
from app.organisation.queries import profile
from app.supporters.models import Supporter
from app.vault.services import unseal

SUBJECT = "mandate"  # what files and the trail call one
# Through Mollie it is Mollie that the donor sees on the statement (DOMAIN.md 3.2).
_PROVIDERS = {"mollie": ("Mollie", "NL08ZZZ502057730000")}
WAITING = (Collection.state.in_(WENT_WRONG)) & Collection.handled_at.is_(None)


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects, as a notice must say: name, creditor identifier and the mandate's own reference."""

    name: str
    identifier: str
    reference: str


def creditor_of(mandate: Any) -> Creditor:
    """Who collects by this mandate."""
    if mandate.kind is MandateKind.OWN:
        ours = profile()
        return Creditor(ours.legal_name, ours.creditor_id or "", mandate.reference or "")
    name, identifier = _PROVIDERS.get(mandate.provider or "", (profile().legal_name, ""))
    return Creditor(name, identifier, mandate.mandate_key or "")


def mandates(ids: Iterable[int]) -> dict[int, Mandate]:
    """Mandates by id."""
    return {m.id: m for m in db.session.scalars(select(Mandate).where(Mandate.id.in_(list(ids))))}


def donors_of(ids: Iterable[int]) -> dict[int, str]:
    """What lists call a mandate: the donor's name, by its id."""
    named = select(Mandate.id, Supporter.display_name).join(Supporter, Supporter.id == Mandate.supporter_id)
    return dict(db.session.execute(named.where(Mandate.id.in_(set(ids)))).all())


def mandates_of(supporter_id: int) -> list[Mandate]:
    """All mandates of a supporter, newest first."""
    return list(
        db.session.scalars(select(Mandate).where(Mandate.supporter_id == supporter_id).order_by(Mandate.id.desc()))
    )


def changes_of(mandate_id: int) -> list[MandateChange]:
    """The history of a mandate, newest first."""
    wanted = select(MandateChange).where(MandateChange.mandate_id == mandate_id).order_by(MandateChange.id.desc())
    return list(db.session.scalars(wanted.limit(50)))


def iban_of(mandate: Mandate) -> str:
    """The whole number, for a collection file or the person's own page. Never for lists, logs or exports."""
    return unseal(mandate.iban_sealed, f"mandate iban:{mandate.id}") if mandate.iban_sealed else ""


def holder_of(mandate: Mandate) -> str:
    """The account holder's name as the bank knows it."""
    return unseal(mandate.holder_sealed, f"mandate holder:{mandate.id}") if mandate.holder_sealed else ""


def supporters_of(collection_ids: Iterable[int]) -> dict[int, int]:
    """Whose collections these are: supporter by collection."""
    ids = list(collection_ids)
    if not ids:
        return {}
    rows = db.session.execute(
        select(Collection.id, Mandate.supporter_id)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(Collection.id.in_(ids))
    ).all()
    return {row[0]: row[1] for row in rows}


def collections_of(commitment_id: int, limit: int = 24) -> list[Collection]:
    """The collections of a commitment, newest first."""
    wanted = select(Collection).where(Collection.commitment_id == commitment_id).order_by(Collection.id.desc())
    return list(db.session.scalars(wanted.limit(limit)))


def collections(ids: Iterable[int]) -> list[Collection]:
    """These collections, by id."""
    return list(db.session.scalars(select(Collection).where(Collection.id.in_(list(ids))).order_by(Collection.id)))


def count_waiting() -> int:
    """How many collections went wrong and wait for somebody."""
    return db.session.execute(select(func.count()).select_from(Collection).where(WAITING)).scalar() or 0


def lapses_on(mandate: Mandate) -> date | None:
    """The day after which this mandate may no longer be used, if it is never used again (DOMAIN.md 1.2)."""
    from app.base.dates import add_months

    used = mandate.last_collected_on or mandate.signed_on
    return add_months(used, 36) if used else None
