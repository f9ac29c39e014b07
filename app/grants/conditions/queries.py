"""Read conditions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from app.base.errors import NotFound
from app.base.states import N_
from app.documents.models import Document
from app.extensions import db
from app.grants.conditions.models import Condition, ConditionKind
from app.grants.instalments.models import Instalment
from app.staff.models import Staff


@dataclass(frozen=True, slots=True)
class Line:
    """A condition as pages show it, with who met it and the file that proves it."""

    id: int
    grant_id: int
    instalment_id: int | None
    kind: ConditionKind
    text: str
    met_on: date | None
    evidence: str
    document_id: int | None
    document: str | None
    met_by: str | None
    version: int
    instalment_on: date | None  # the day its instalment is expected, where it is about one

    @property
    def holds(self) -> bool:
        return self.kind is ConditionKind.PRECEDENT and self.met_on is None


def _listing() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Condition.id, Condition.grant_id, Condition.instalment_id, Condition.kind, Condition.text,
            Condition.met_on, Condition.evidence, Document.id, Document.filename, Staff.name, Condition.version,
            Instalment.expected_on,
        )
        .outerjoin(Instalment, Instalment.id == Condition.instalment_id)
        .outerjoin(Document, Document.id == Condition.document_id)
        .outerjoin(Staff, Staff.id == Condition.met_by_id)
        .where(Condition.removed_at.is_(None))
        .order_by(Condition.instalment_id.is_not(None), Condition.id)
    )  # fmt: skip


def of_grant(grant_id: int) -> list[Line]:
    """All conditions of a grant, those of the whole grant first."""
    return [Line(*row) for row in db.session.execute(_listing().where(Condition.grant_id == grant_id))]


def about(lines: Iterable[Line], instalment_id: int) -> list[Line]:
    """Those of them that an instalment depends on: its own, and what the whole grant must meet first."""
    return [
        line
        for line in lines
        if line.instalment_id == instalment_id or (line.instalment_id is None and line.kind is ConditionKind.PRECEDENT)
    ]


def one(condition_id: int) -> Line:
    found = db.session.execute(_listing().where(Condition.id == condition_id)).first()
    if found is None:
        raise NotFound(N_("This is not here, or not any more."))
    return Line(*found)
