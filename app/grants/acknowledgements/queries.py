"""Read who is shown, and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select

from app.documents.models import Document
from app.extensions import db
from app.grants.acknowledgements.models import Acknowledgement
from app.grants.awards.models import Grant
from app.grants.funders.models import Funder
from app.supporters.models import Supporter

MOST = 300  # on the page; a charity has tens


@dataclass(frozen=True, slots=True)
class Shown:
    """A funder as the public page shows it."""

    funder_id: int
    name: str
    wording_nl: str
    wording_en: str
    website: str
    logo_id: int | None

    def wording(self, language: str) -> str:
        """In that language, or in the one there is."""
        first, second = (self.wording_en, self.wording_nl) if language == "en" else (self.wording_nl, self.wording_en)
        return first or second


def is_shown(today: date) -> ColumnElement[bool]:
    """Agreed, and within the days it may be shown."""
    return and_(
        Acknowledgement.agreed_on.is_not(None),
        or_(Acknowledgement.shown_from.is_(None), Acknowledgement.shown_from <= today),
        or_(Acknowledgement.shown_until.is_(None), Acknowledgement.shown_until >= today),
        Supporter.anonymised_at.is_(None),
    )


def shown(today: date) -> tuple[Shown, ...]:
    """The funders of the public page, in their order. One statement."""
    chosen = (
        select(
            Acknowledgement.funder_id, Supporter.display_name, Acknowledgement.wording_nl, Acknowledgement.wording_en,
            Acknowledgement.website, Acknowledgement.logo_id,
        )
        .join(Funder, Funder.id == Acknowledgement.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(is_shown(today))
        .order_by(Acknowledgement.position, Supporter.sort_key, Acknowledgement.id)
        .limit(MOST)
    )  # fmt: skip
    return tuple(Shown(*row) for row in db.session.execute(chosen))


def public_logo(document_id: int, today: date) -> Document | None:
    """The picture, where it is the logo of a funder that is shown now."""
    chosen = (
        select(Document)
        .join(Acknowledgement, Acknowledgement.logo_id == Document.id)
        .join(Funder, Funder.id == Acknowledgement.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(Document.id == document_id, Document.removed_at.is_(None), is_shown(today))
    )
    return db.session.execute(chosen).scalar()


def of_funder(funder_id: int) -> Acknowledgement | None:
    return db.session.execute(select(Acknowledgement).where(Acknowledgement.funder_id == funder_id)).scalar()


@dataclass(frozen=True, slots=True)
class Line:
    """A funder in the list staff see."""

    funder_id: int
    name: str
    position: int
    wording: str
    agreed_on: date | None
    shown_from: date | None
    shown_until: date | None
    obligation_id: int | None

    def is_shown(self, today: date) -> bool:
        begun = self.shown_from is None or self.shown_from <= today
        return self.agreed_on is not None and begun and (self.shown_until is None or self.shown_until >= today)


def lines() -> list[Line]:
    """All that was written down, in the order of the page."""
    a = Acknowledgement
    chosen = (
        select(
            a.funder_id, Supporter.display_name, a.position, a.wording_nl, a.agreed_on, a.shown_from, a.shown_until,
            a.obligation_id,
        )
        .join(Funder, Funder.id == a.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .order_by(a.position, Supporter.sort_key, a.id)
        .limit(MOST)
    )  # fmt: skip
    return [Line(*row) for row in db.session.execute(chosen)]


def grants_of(funder_id: int) -> list[tuple[int, str]]:
    """The grants whose contract may ask for it, the newest first."""
    chosen = (
        select(Grant.id, Grant.title).where(Grant.funder_id == funder_id).order_by(Grant.starts_on.desc(), Grant.id)
    )
    return [(row_id, title) for row_id, title in db.session.execute(chosen.limit(100))]
