"""A task: something one of us will do, by a day, about a record or about nothing in particular."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, reference_column, state_column, text_column
from app.base.events import Event
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.tasks.chains import Distance


class TaskState(Labelled):
    OPEN = "open", N_("to do")
    DONE = "done", N_("done")
    DROPPED = "dropped", N_("no longer needed")


MOVES = Transitions(
    TaskState,
    {
        TaskState.OPEN: {TaskState.DONE, TaskState.DROPPED},
        TaskState.DONE: {TaskState.OPEN},
        TaskState.DROPPED: {TaskState.OPEN},
    },
)


class Priority(Labelled):
    HIGH = "high", N_("urgent")
    NORMAL = "normal", N_("normal")
    LOW = "low", N_("when there is time")


class Task(db.Model):
    """`subject_type` and `subject_id` name a record ("supporter", id); both NULL for a task of its own."""

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_owner", "owner_id", "state", "due_on", "id"),
        Index("ix_task_state", "state", "due_on", "id"),
        Index("ix_task_subject", "subject_type", "subject_id", "state"),
        CheckConstraint("(subject_type IS NULL) = (subject_id IS NULL)", name="whole_subject"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_when_over"),
        CheckConstraint("working_days_before IS NULL OR calendar_days_before IS NULL", name="one_distance"),
    )

    id: Mapped[int] = id_column()
    title: Mapped[str] = text_column(200)
    due_on: Mapped[date] = mapped_column(Date, nullable=False)
    owner_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    priority: Mapped[Priority] = state_column(Priority, default=Priority.NORMAL)
    state: Mapped[TaskState] = state_column(TaskState, default=TaskState.OPEN)
    subject_type: Mapped[str | None] = text_column(40, nullable=True)
    subject_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    created_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    created_at: Mapped[datetime] = instant_column()
    ended_at: Mapped[datetime | None] = instant_column(nullable=True)
    ended_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    # What made the task, for tasks that are made by a template or a job: made once, whoever asks again.
    source_key: Mapped[str | None] = text_column(160, nullable=True, unique=True)
    # How far before the deadline of its record it was meant to be, by the template or by hand; kept when a
    # deadline that comes too soon squeezes it. NULL for a task that is counted back from nothing.
    working_days_before: Mapped[int | None] = mapped_column()
    calendar_days_before: Mapped[int | None] = mapped_column()
    # Passed on to the deputy of whom it was with, because it stayed undone; once for each due date.
    escalated_at: Mapped[datetime | None] = instant_column(nullable=True)
    escalated_from_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)

    @property
    def distance(self) -> Distance | None:
        """How far before the deadline of its record it was meant to be; None where nothing is known of that."""
        if self.working_days_before is not None:
            return Distance(self.working_days_before)
        if self.calendar_days_before is not None:
            return Distance(self.calendar_days_before, working=False)
        return None

    def keep_distance(self, distance: Distance) -> None:
        self.working_days_before = distance.days if distance.working else None
        self.calendar_days_before = None if distance.working else distance.days

    def is_overdue(self, today: date) -> bool:
        return self.state is TaskState.OPEN and self.due_on < today


class TaskStep(db.Model):
    """The history of a task: each state it came into."""

    __tablename__ = "task_step"

    id: Mapped[int] = id_column()
    task_id: Mapped[int] = reference_column("task.id", ondelete="CASCADE")
    state: Mapped[TaskState] = state_column(TaskState)
    at: Mapped[datetime] = instant_column()
    by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksDone(Event):
    """These tasks were done."""


declare(
    Holding(
        "task",
        "subject_id",
        OnMerge.MOVE,
        OnErase.DELETE,
        label=N_("Tasks"),
        of_others=True,
        where=("subject_type", "supporter"),
    )  # fmt: skip
)
