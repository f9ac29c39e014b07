"""The cockpit: what a fundraiser opens each morning."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user

from app.base.dates import days, local_date, short_month
from app.base.money import format_money
from app.extensions import now
from app.grants import queries as grants
from app.insights import sentences
from app.insights.money import waiting_for_finance
from app.jobs.queries import count_given_up
from app.staff.queries import active_staff
from app.tasks import queries as tasks
from app.ui import lists
from app.ui.permissions import Permission, may, requires

bp = Blueprint("insights", __name__)
_SOON = 7
_LONGEST = 12


@bp.get("/cockpit")
@requires(Permission.COCKPIT_READ)
def cockpit() -> ResponseReturnValue:
    """What is late or due this week, the money that waits, and the income to expect."""
    today = local_date(now())
    whose = lists.choice("whose", ("mine", "all"), "all")
    mine = current_user.id if whose == "mine" else None
    soon = today + days(_SOON)
    language = str(get_locale())
    money = partial(format_money, language=language)
    to_do = sentences.of_obligations(grants.soonest(today, until=soon, limit=_LONGEST, assignee_id=mine), today)
    finance = may(Permission.FINANCE_WRITE)
    for lines in grants.partners_soonest(soon, limit=_LONGEST, owner_id=mine, all_money=finance):
        to_do += sentences.of_partners(lines, today, money)
    if may(Permission.TASKS_WRITE):
        names = {person.id: person.name for person in active_staff()}
        to_do += sentences.of_tasks(tasks.due(mine, soon, limit=_LONGEST), today, names)
    expected = grants.expected_income(today)
    return render_template(
        "insights/cockpit.html",
        today=today,
        whose=whose,
        agenda=[sentence for _, sentence in sorted(to_do, key=lambda pair: pair[0])][: 2 * _LONGEST],
        counts=grants.due_counts(today, assignee_id=mine),
        due=grants.Due,
        for_finance=list(waiting_for_finance(current_user.id, today, money)) if finance else [],
        given_up=count_given_up() if may(Permission.JOBS_MANAGE) else 0,
        waiting=grants.money_waiting(),
        waiting_lines=sentences.of_waiting(grants.waiting_lines(limit=6), money),
        awaited=grants.awaited_totals(),
        decisions=sentences.of_decisions(grants.decisions_awaited(limit=6), today, money),
        rounds=sentences.of_rounds(grants.rounds_opening(today, limit=6), today),
        months=[short_month(each.month.month, language) for each in expected],
        agreed=[each.agreed_cents for each in expected],
        weighted=[each.weighted_cents for each in expected],
    )
