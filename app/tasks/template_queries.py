"""Reading templates. There are tens of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.tasks.template_models import TaskTemplate, TemplateStep, TemplateUse


@dataclass(frozen=True, slots=True)
class Line:
    """A template as the list shows it: how many steps, and how many working days before the deadline it begins."""

    id: int
    name: str
    used_for: TemplateUse
    active: bool
    steps: int
    days_before: int


def get(template_id: int) -> TaskTemplate:
    row = db.session.get(TaskTemplate, template_id)
    if row is None:
        raise NotFound(N_("This template does not exist."))
    return row


def listing() -> list[Line]:
    """All templates, those in use first, by name."""
    rows = db.session.execute(
        select(
            TaskTemplate.id, TaskTemplate.name, TaskTemplate.used_for, TaskTemplate.active,
            func.count(TemplateStep.id), func.coalesce(func.max(TemplateStep.days_before), 0),
        )
        .outerjoin(TemplateStep, TemplateStep.template_id == TaskTemplate.id)
        .group_by(TaskTemplate.id)
        .order_by(TaskTemplate.active.desc(), TaskTemplate.name)
        .limit(500)
    )  # fmt: skip
    return [Line(*row) for row in rows]


def offered(kind: str) -> list[TaskTemplate]:
    """The templates in use that fit a record of this kind."""
    fits = {TemplateUse.ANYTHING.value, kind} & {use.value for use in TemplateUse}
    uses = [use for use in TemplateUse if use.value in fits]
    chosen = select(TaskTemplate).where(TaskTemplate.active, TaskTemplate.used_for.in_(uses))
    return list(db.session.execute(chosen.order_by(TaskTemplate.name).limit(50)).scalars())
