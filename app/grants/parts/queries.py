"""Reading the parts of a report. Each function is a constant number of statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from app.base.errors import NotFound
from app.base.states import N_
from app.documents.models import Document
from app.extensions import db
from app.grants.partners.models import GrantPartner
from app.grants.parts.models import DONE, PartFigure, ReportPart
from app.supporters.models import Supporter

FILES_OF = "report_part"  # the kind of record that a part's files belong to


@dataclass(frozen=True, slots=True)
class FigureView:
    """An amount in a part: 0 as long as nothing is filled in (`known` tells the two apart)."""

    budget_line_id: int | None
    label: str
    cents: int
    known: bool = True
    id: int = 0


@dataclass(frozen=True, slots=True)
class PartView:
    """A part as reports show it; `partner_name` is empty for our own."""

    id: int
    partner_id: int | None
    partner_name: str
    kind: str
    title: str
    question: str
    answer: str
    figures: list[FigureView]
    files: list[int]
    state: str
    position: int
    max_characters: int | None
    target: str = ""
    total_cents: int | None = None
    file_names: list[str] = field(default_factory=list)

    @property
    def cents(self) -> int:
        return sum(figure.cents for figure in self.figures)


def parts(obligation_id: int) -> list[PartView]:
    """All parts of an obligation in their order, with figures and files: three statements."""
    return _views(ReportPart.obligation_id == obligation_id)


def parts_of(obligation_id: int, partner_id: int | None) -> list[PartView]:
    """The parts asked of one partner (None: of ourselves)."""
    return _views(ReportPart.obligation_id == obligation_id, ReportPart.partner_id == partner_id)


def view(part_id: int) -> PartView:
    """One part, or NotFound."""
    found = _views(ReportPart.id == part_id)
    if not found:
        raise NotFound(N_("This is not here, or not any more."))
    return found[0]


def missing(obligation_id: int) -> list[str]:
    """What keeps the report from being ready, as `partner: title`. Nothing when it is complete."""
    rows = db.session.execute(
        _listing()
        .with_only_columns(ReportPart.title, Supporter.display_name, maintain_column_froms=True)
        .where(ReportPart.obligation_id == obligation_id, ReportPart.state.not_in(DONE))
    )
    return [f"{name}: {title}" if name else title for title, name in rows]


def _listing() -> Select[*tuple[Any, ...]]:
    return (
        select(ReportPart, Supporter.display_name)
        .outerjoin(GrantPartner, GrantPartner.id == ReportPart.partner_id)
        .outerjoin(Supporter, Supporter.id == GrantPartner.supporter_id)
        .order_by(ReportPart.position, Supporter.sort_key, ReportPart.id)
    )


def _views(*conditions: ColumnElement[bool]) -> list[PartView]:
    rows = db.session.execute(_listing().where(*conditions)).all()
    chosen = select(ReportPart.id).where(*conditions)
    figures: dict[int, list[FigureView]] = {}
    asked = select(PartFigure).where(PartFigure.part_id.in_(chosen)).order_by(PartFigure.position, PartFigure.id)
    for row in db.session.execute(asked).scalars():
        view = FigureView(row.budget_line_id, row.label, row.cents or 0, row.cents is not None, row.id)
        figures.setdefault(row.part_id, []).append(view)
    files: dict[int, list[tuple[int, str]]] = {}
    kept = (
        select(Document.subject_id, Document.id, Document.filename)
        .where(Document.subject_type == FILES_OF, Document.subject_id.in_(chosen), Document.removed_at.is_(None))
        .order_by(Document.id)
    )
    for part_id, document_id, name in db.session.execute(kept):
        files.setdefault(part_id, []).append((document_id, name))
    return [
        PartView(
            id=row.id,
            partner_id=row.partner_id,
            partner_name=name or "",
            kind=row.kind.value,
            title=row.title,
            question=row.question,
            answer=row.answer,
            figures=figures.get(row.id, []),
            files=[document_id for document_id, _name in files.get(row.id, [])],
            state=row.state.value,
            position=row.position,
            max_characters=row.max_characters,
            target=row.target,
            total_cents=row.total_cents,
            file_names=[file_name for _id, file_name in files.get(row.id, [])],
        )
        for row, name in rows
    ]
