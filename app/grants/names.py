"""What rows of this room are called, by their ids: for links to them, and in the trail."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.grants.applications.models import Application
from app.grants.awards.models import Grant
from app.grants.budgets.models import Amendment, BudgetRow
from app.grants.expenses.models import Expense
from app.grants.funders.models import Funder
from app.grants.obligations.models import Obligation
from app.grants.partners.models import GrantPartner, SubGrant, SubGrantDuty
from app.grants.parts.models import ReportPart
from app.grants.projects.models import Project
from app.grants.rounds.models import Round
from app.supporters.models import Supporter
from app.ui import filters
from app.ui.records import Names


def _by(row_id: Any, called: Any, *through: Any) -> Names:
    """Names from one column, where need be of a table that is joined."""

    def names(ids: Collection[int]) -> dict[int, str]:
        named = select(row_id, called)
        named = named.join(*through) if through else named
        return {row[0]: row[1] for row in db.session.execute(named.where(row_id.in_(ids)))}

    return names


applications = _by(Application.id, Application.title)
grants = _by(Grant.id, Grant.title)
amendments = _by(Amendment.id, Grant.title, Grant, Grant.id == Amendment.grant_id)
projects = _by(Project.id, Project.name)
duties = _by(SubGrantDuty.id, SubGrantDuty.title)
parts = _by(ReportPart.id, ReportPart.title)
sub_grants = _by(SubGrant.id, SubGrant.title)
rounds = _by(Round.id, Round.name)
funders = _by(Funder.id, Supporter.display_name, Supporter, Supporter.id == Funder.supporter_id)
partners = _by(GrantPartner.id, Supporter.display_name, Supporter, Supporter.id == GrantPartner.supporter_id)


def obligations(ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(Obligation.id, Obligation.title, Obligation.kind).where(Obligation.id.in_(ids)))
    return {row.id: row.title or filters.label(row.kind) for row in rows}


def budget_lines(ids: Collection[int]) -> dict[int, str]:
    """As the newest version of the budget calls them."""
    named = select(BudgetRow.budget_line_id, BudgetRow.name).where(BudgetRow.budget_line_id.in_(ids))
    return {row[0]: row[1] for row in db.session.execute(named.order_by(BudgetRow.budget_version_id))}


def expenses(ids: Collection[int]) -> dict[int, str]:
    """By what is written on them, or else by their day."""
    rows = db.session.execute(select(Expense.id, Expense.description, Expense.spent_on).where(Expense.id.in_(ids)))
    return {row.id: row.description or filters.day(row.spent_on) for row in rows}
