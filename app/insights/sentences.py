"""What has to be done, in sentences a colleague would say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.grants.applications.queries import Line as Application
from app.grants.instalments.queries import Line as Instalment
from app.grants.obligations.queries import Line as Obligation
from app.grants.partners.due import Line as Partner
from app.grants.rounds.queries import Line as Round
from app.tasks.models import Task
from app.ui.filters import percent
from app.ui.permissions import Permission, may

Sentence = dict[str, Any]
Money = Callable[[int], str]  # cents as people read them


def when(day: date, today: date) -> str:
    """`3 days late`, `today`, `tomorrow`, `4 days left`."""
    left = (day - today).days
    if left < 0:
        return ngettext("%(num)s day late", "%(num)s days late", -left)
    if left == 0:
        return _("today")
    return _("tomorrow") if left == 1 else ngettext("%(num)s day left", "%(num)s days left", left)


def tone(day: date, today: date) -> str:
    return "danger" if day < today else "accent" if (day - today).days <= 1 else "neutral"


def of_obligations(lines: Iterable[Obligation], today: date) -> list[tuple[date, Sentence]]:
    return [
        (
            line.due_on,
            {
                "when": when(line.due_on, today),
                "text": _("%(what)s for %(funder)s", what=line.title or _(line.kind.label), funder=line.funder),
                "href": url_for("grants.obligation", obligation_id=line.id),
                "note": " · ".join(part for part in (line.subject, line.assignee or _("nobody assigned yet")) if part),
                "state": _(line.state.label),
                "tone": tone(line.due_on, today),
            },
        )
        for line in lines
    ]


def of_partners(lines: Iterable[Partner], today: date, money: Money) -> list[tuple[date, Sentence]]:
    """What partners owe us, what they delivered for us to read, and what falls due to them."""
    sentences = []
    for line in lines:
        to_read = line.tone(today) == "sent"
        day = min(line.due_on, today) if to_read else line.due_on
        sentence = {
            "when": _("to read") if to_read else when(day, today),
            "text": _("%(what)s of %(partner)s", what=line.title, partner=line.partner)
            if line.cents is None
            else _("To pay: %(amount)s to %(partner)s", amount=money(line.cents), partner=line.partner),
            "href": url_for("grants.sub_grant", sub_grant_id=line.sub_grant_id),
            "note": line.grant,
            "state": _(line.state.label),
            "tone": "accent" if to_read else tone(day, today),
        }
        sentences.append((day, sentence))
    return sentences


def of_tasks(tasks: Iterable[Task], today: date, names: dict[int, str]) -> list[tuple[date, Sentence]]:
    return [
        (
            task.due_on,
            {
                "when": when(task.due_on, today),
                "text": task.title,
                "href": url_for("tasks.edit", task_id=task.id),
                "note": names.get(task.owner_id or 0, _("nobody assigned yet")),
                "state": _("Task"),
                "tone": tone(task.due_on, today),
            },
        )
        for task in tasks
    ]


def of_waiting(lines: Iterable[Instalment], money: Money) -> list[Sentence]:
    """Money that comes once a report is accepted."""
    return [
        {
            "when": money(line.open_cents),
            "text": _(
                "%(funder)s pays after the %(report)s", funder=line.funder,
                report=(line.obligation_title or _(line.obligation_kind.label)).lower() if line.obligation_kind else "",
            ),
            "href": url_for("grants.obligation", obligation_id=line.obligation_id)
            if line.obligation_id
            else url_for("grants.grant", grant_id=line.grant_id),
            "note": line.grant,
            "state": _(line.obligation_state.label) if line.obligation_state else "",
            "tone": "warn",
        }
        for line in lines
    ]  # fmt: skip


def of_decisions(lines: Iterable[Application], today: date, money: Money) -> list[Sentence]:
    """Applications a funder is deciding on."""
    return [
        {
            "when": when(line.decision_on, today) if line.decision_on else _("day not known"),
            "text": _("%(funder)s decides on %(title)s", funder=line.funder, title=line.title),
            "href": url_for("grants.application", application_id=line.id),
            "note": _(
                "%(amount)s asked, chance %(chance)s", amount=money(line.ask_cents), chance=percent(line.chance / 100)
            ),
            "tone": "warn" if line.decision_on and line.decision_on < today else "neutral",
        }
        for line in lines
    ]


def of_rounds(lines: Iterable[Round], today: date) -> list[Sentence]:
    """Rounds that open or close soon."""
    return [
        {
            "when": when(line.closes_on if line.is_open(today) else line.opens_on or line.closes_on, today),
            "text": _("%(funder)s closes %(name)s", funder=line.funder, name=line.name)
            if line.is_open(today)
            else _("%(funder)s opens %(name)s", funder=line.funder, name=line.name),
            "href": url_for("grants.edit_round", round_id=line.id)
            if may(Permission.GRANTS_WRITE)
            else url_for("grants.rounds"),
            "note": ngettext("%(num)s application so far", "%(num)s applications so far", line.applications),
            "tone": "neutral",
        }
        for line in lines
    ]
