"""Templates of tasks: the steps towards a deadline, counted back from it in working days."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, state_column, text_column
from app.base.states import N_, Labelled
from app.extensions import db
from app.tasks.models import Priority

MOST_DAYS = 400  # working days before a deadline: a year and a half


class TemplateUse(Labelled):
    """On which records a template is offered."""

    APPLICATION = "application", N_("An application")
    OBLIGATION = "obligation", N_("A report or other obligation")
    GRANT = "grant_award", N_("A grant")
    ANYTHING = "anything", N_("Anything")


class StepRole(Labelled):
    """Who does a step; who that is, the record says on which the template is used."""

    OWNER = "owner", N_("Owner of the grant or application")
    ASSIGNEE = "assignee", N_("Who makes the report")
    REVIEWER = "reviewer", N_("Who reads it before it goes")
    FINANCE = "finance", N_("Somebody of finance")
    NOBODY = "nobody", N_("Nobody in particular")


class TaskTemplate(db.Model):
    __tablename__ = "task_template"

    id: Mapped[int] = id_column()
    name: Mapped[str] = text_column(120, unique=True)
    used_for: Mapped[TemplateUse] = state_column(TemplateUse)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()


class TemplateStep(db.Model):
    """One step; `days_before` are working days before the deadline, 0 is the deadline itself."""

    __tablename__ = "task_template_step"
    __table_args__ = (
        UniqueConstraint("template_id", "position"),
        CheckConstraint(f"days_before BETWEEN 0 AND {MOST_DAYS}", name="days_before_range"),
        CheckConstraint("position >= 1", name="position_counts"),
    )

    id: Mapped[int] = id_column()
    template_id: Mapped[int] = reference_column("task_template.id", index=False, ondelete="CASCADE")
    position: Mapped[int] = mapped_column()
    title: Mapped[str] = text_column(200)
    days_before: Mapped[int] = mapped_column()
    role: Mapped[StepRole] = state_column(StepRole)
    priority: Mapped[Priority] = state_column(Priority, default=Priority.NORMAL)
