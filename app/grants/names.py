"""What rows of this room are called, by their ids: for links to them, and in the trail."""

from __future__ import annotations

from collections.abc import Collection

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


def funders(ids: Collection[int]) -> dict[int, str]:
    named = select(Funder.id, Supporter.display_name).join(Supporter, Supporter.id == Funder.supporter_id)
    return {row[0]: row[1] for row in db.session.execute(named.where(Funder.id.in_(ids)))}


def applications(ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(Application.id, Application.title).where(Application.id.in_(ids)))
    return {row.id: row.title for row in rows}


def grants(ids: Collection[int]) -> dict[int, str]:
    return {row.id: row.title for row in db.session.execute(select(Grant.id, Grant.title).where(Grant.id.in_(ids)))}


def amendments(ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(Amendment.id, Grant.title).join(Grant).where(Amendment.id.in_(ids)))
    return {row.id: row.title for row in rows}


def projects(ids: Collection[int]) -> dict[int, str]:
    return {row.id: row.name for row in db.session.execute(select(Project.id, Project.name).where(Project.id.in_(ids)))}


def obligations(ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(Obligation.id, Obligation.title, Obligation.kind).where(Obligation.id.in_(ids)))
    return {row.id: row.title or filters.label(row.kind) for row in rows}


def duties(ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(SubGrantDuty.id, SubGrantDuty.title).where(SubGrantDuty.id.in_(ids)))
    return {row.id: row.title for row in rows}


def parts(ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(ReportPart.id, ReportPart.title).where(ReportPart.id.in_(ids)))
    return {row.id: row.title for row in rows}


def partners(ids: Collection[int]) -> dict[int, str]:
    named = select(GrantPartner.id, Supporter.display_name).join(Supporter, Supporter.id == GrantPartner.supporter_id)
    return {row[0]: row[1] for row in db.session.execute(named.where(GrantPartner.id.in_(ids)))}


def sub_grants(ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(SubGrant.id, SubGrant.title).where(SubGrant.id.in_(ids)))
    return {row.id: row.title for row in rows}


def rounds(ids: Collection[int]) -> dict[int, str]:
    return {row.id: row.name for row in db.session.execute(select(Round.id, Round.name).where(Round.id.in_(ids)))}


def budget_lines(ids: Collection[int]) -> dict[int, str]:
    """As the newest version of the budget calls them."""
    named = select(BudgetRow.budget_line_id, BudgetRow.name).where(BudgetRow.budget_line_id.in_(ids))
    return {row[0]: row[1] for row in db.session.execute(named.order_by(BudgetRow.budget_version_id))}


def expenses(ids: Collection[int]) -> dict[int, str]:
    """By what is written on them, or else by their day."""
    rows = db.session.execute(select(Expense.id, Expense.description, Expense.spent_on).where(Expense.id.in_(ids)))
    return {row.id: row.description or filters.day(row.spent_on) for row in rows}
