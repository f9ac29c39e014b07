"""Tasks on the pages of other records."""

from __future__ import annotations

from typing import Any

from app.audit import words
from app.base.dates import local_date
from app.base.states import N_
from app.extensions import now
from app.tasks import queries, template_queries
from app.ui import navigation
from app.ui.navigation import NavItem, Section
from app.ui.panels import Panel, panel
from app.ui.permissions import Permission

KINDS = ("supporter", "grant_award", "application", "obligation")


def _panel_of(kind: str) -> None:
    @panel(kind, "tasks", order=15, permission=Permission.TASKS_WRITE)
    def tasks_panel(record_id: int) -> Panel | None:
        shown: dict[str, Any] = {"kind": kind, "record_id": record_id, "tasks": queries.about(kind, record_id)}
        shown["templates"] = [] if kind == "supporter" else template_queries.offered(kind)
        return Panel("tasks/panel.html", shown | {"today": local_date(now())})


def register() -> None:
    for kind in KINDS:
        _panel_of(kind)
    navigation.add(
        NavItem(
            Section.TODAY, "tasks.index", N_("Tasks"), Permission.TASKS_WRITE, 20, phone=True, symbol="check2-square"
        )
    )
    words.doers(
        {
            "tasks.escalate": N_("overdue tasks"),
        }
    )
    words.subject("task", N_("Task"), "tasks.edit", "task_id")
    words.subject("task_template", N_("Template of tasks"), "tasks.edit_template", "template_id")
    words.actions(
        {
            "task.added": N_("added a task"),
            "task.done": N_("did a task"),
            "task.dropped": N_("dropped a task"),
            "task.reopened": N_("reopened a task"),
            "task.changed": N_("changed a task"),
            "task.assigned": N_("assigned a task"),
            "task.escalated": N_("passed a task on to the deputy"),
            "task_template.added": N_("made a template of tasks"),
            "task_template.changed": N_("changed a template of tasks"),
        }
    )
