"""Where this room shows itself: the side bar, search, the supporter's page, the names in the trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import url_for

from app.audit import words
from app.base.references import id_of
from app.base.states import N_
from app.extensions import db
from app.grants import names
from app.grants.applications import queries as applications
from app.grants.applications.models import Application
from app.grants.awards import queries as awards
from app.grants.awards.models import Grant
from app.grants.budgets.chores import SUBJECT as CHANGE
from app.grants.funders import queries as funders
from app.grants.partners.money_queries import FILES_OF as OF_DUTIES
from app.grants.parts.queries import FILES_OF
from app.grants.projects import queries as projects
from app.grants.projects.models import Project, SourceKind
from app.grants.reports.keeping import KEPT
from app.ui import filters, navigation, records, search
from app.ui.navigation import NavItem, Section
from app.ui.panels import Panel, panel
from app.ui.permissions import Permission
from app.ui.search import Hit

READ = Permission.GRANTS_READ
T = TypeVar("T")


def init_app() -> None:
    places = (
        ("grants.index", N_("Grants"), 10, ("grants.",)),
        ("grants.board", N_("Board"), 20, ("grants.application", "grants.award", "grants.new_application")),
        ("grants.obligations", N_("Deadlines"), 30, ("grants.obligation",)),
        (
            "grants.projects",
            N_("Projects and cover"),
            35,
            ("grants.project", "grants.new_project", "grants.edit_project", "grants.edit_plan", "grants.new_source"),
        ),
        ("grants.funders", N_("Funders"), 40, ("grants.funder", "grants.round")),
    )
    for endpoint, label, order, covers in places:
        phone = endpoint == "grants.obligations"
        symbol = "calendar-event" if phone else ""
        navigation.add(NavItem(Section.GRANTS, endpoint, label, READ, order, covers, phone=phone, symbol=symbol))
    tied = NavItem(Section.FINANCE, "grants.restricted", N_("Restricted money"), READ, order=35)
    navigation.add(tied)
    navigation.add_account(NavItem(Section.SETTINGS, "grants.calendar", N_("Your calendar"), READ, order=60))
    _name_the_trail()
    records.register("application", N_("Application"), "grants.application", "application_id", READ, names.applications)
    records.register("funder", N_("Funder"), "grants.funder", "funder_id", READ, names.funders)
    records.register("grant_award", N_("Grant"), "grants.grant", "grant_id", READ, names.grants)
    records.register("project", N_("Project"), "grants.project", "project_id", READ, names.projects)
    records.register(
        CHANGE, N_("Change asked of the funder"), "grants.amendment", "amendment_id", READ, names.amendments
    )
    records.register("obligation", N_("Obligation"), "grants.obligation", "obligation_id", READ, names.obligations)
    records.register(FILES_OF, N_("Part of a report"), "grants.part", "part_id", READ, names.parts)
    records.register(OF_DUTIES, N_("Obligation of a partner"), "grants.sub_grant_duty", "duty_id", READ, names.duties)
    records.register(KEPT, N_("Report that was sent"), "grants.report", "obligation_id", READ, names.obligations)
    records.name(
        {
            "application": names.applications,
            "budget_line": names.budget_lines,
            "expense": names.expenses,
            "funder": names.funders,
            "grant_award": names.grants,
            "grant_partner": names.partners,
            "grant_round": names.rounds,
            "obligation": names.obligations,
            "project": names.projects,
            "sub_grant": names.sub_grants,
            FILES_OF: names.parts,
            OF_DUTIES: names.duties,
            CHANGE: names.amendments,
        }
    )


@panel("supporter", "grants", order=30, permission=READ)
def funder_panel(supporter_id: int) -> Panel | None:
    """On the page of an organisation that is a funder: what runs with it."""
    funder_id = funders.of_supporter(supporter_id)
    if funder_id is None:
        return None
    return Panel("grants/panel.html", {"line": funders.one(funder_id)[1], "grants": awards.of_funder(funder_id, 5)})


@panel("grant_award", "projects", order=30, permission=READ)
def grant_projects(grant_id: int) -> Panel | None:
    """On the page of a grant: the projects it helps to pay, and the way to its funder's rule."""
    shown = projects.of_grant(grant_id)
    plans = projects.plans_of(each.id for each in shown)
    return Panel("grants/project_panel.html", {"projects": shown, "plans": plans, "grant_id": grant_id})


@panel("programme", "projects", order=30, permission=READ)
def programme_projects(programme_id: int) -> Panel | None:
    """On the page of a programme: its projects."""
    shown = projects.of_programme(programme_id)
    if not shown:
        return None
    plans = projects.plans_of(each.id for each in shown)
    return Panel("grants/project_panel.html", {"projects": shown, "plans": plans, "grant_id": None})


@search.provider("grants", N_("Funders and grants"), order=20, permission=READ)
def find(query: str, limit: int) -> list[Hit]:
    """Funders, grants and applications by name or reference; a typed code leads to its row."""
    hits = []
    if row_id := id_of(query):
        hits += [_grant_hit(row) for row in awards.hits(Grant.id == row_id, 1)]
    for row in db.session.execute(funders.listing().where(funders.matches(query)).limit(limit)):
        line = funders.line_of(row)
        url = url_for("grants.funder", funder_id=line.id)
        hits.append(Hit(line.name, filters.label(line.kind), url, "bank2"))
    hits += [_grant_hit(row) for row in awards.hits(awards.matches(query), limit)]
    asked = applications.listing().where(applications.matches(query)).order_by(Application.stage_since.desc())
    for each in _lines(asked, applications.line_of, limit):
        url = url_for("grants.application", application_id=each.id)
        hits.append(Hit(each.title, f"{each.funder}, {filters.label(each.stage)}", url, "pencil-square"))
    known = projects.listing().where(Project.name.icontains(query, autoescape=True)).order_by(Project.ends_on.desc())
    for work in _lines(known, projects.listed, limit):
        url = url_for("grants.project", project_id=work.id)
        hits.append(Hit(work.name, filters.label(work.state), url, "grid-3x3-gap"))
    return list({hit.url: hit for hit in hits}.values())[:limit]


def _grant_hit(row: Any) -> Hit:
    note = ", ".join(part for part in (row.funder, row.funder_reference) if part)
    return Hit(row.title, note, url_for("grants.grant", grant_id=row.id), "cash-stack")


def _lines(statement: Any, make: Callable[[Any], T], limit: int) -> list[T]:
    return [make(row) for row in db.session.execute(statement.limit(limit))]


def _name_the_trail() -> None:
    words.doers(
        {
            "grants.morning": N_("reminders of the morning"),
            "grants.recognise": N_("booking of grant income"),
            "grants.renewals": N_("renewals of the morning"),
        }
    )
    words.subject("funder", N_("Funder"), "grants.funder", "funder_id")
    words.subject("application", N_("Application"), "grants.application", "application_id")
    words.subject("grant_award", N_("Grant"), "grants.grant", "grant_id")
    words.subject("instalment", N_("Instalment"), "grants.instalment", "instalment_id")
    words.subject("obligation", N_("Obligation"), "grants.obligation", "obligation_id")
    words.subject("project", N_("Project"), "grants.project", "project_id")
    words.fields({}, {"kind": {kind.value: kind.label for kind in SourceKind}})
    words.subject("sub_grant", N_("Sub-grant"), "grants.sub_grant", "sub_grant_id")
    words.subject(OF_DUTIES, N_("Obligation of a partner"), "grants.sub_grant_duty", "duty_id")
    words.subject("report_part", N_("Part of a report"), "grants.part", "part_id")
    words.actions(
        {
            "partner.added": N_("added a partner"),
            "partner.changed": N_("changed a partner"),
            "partner.removed": N_("took a partner out"),
            "sub_grant.planned": N_("drafted the sub-grant"),
            "sub_grant.changed": N_("changed the sub-grant"),
            "sub_grant.moved": N_("moved the sub-grant"),
            "sub_grant.instalment_planned": N_("planned an instalment"),
            "sub_grant.instalment_moved": N_("moved an instalment"),
            "sub_grant.duty_planned": N_("planned what the partner owes us"),
            "sub_grant.partner_reminded": N_("reminded a partner"),
            "sub_grant.duty_moved": N_("moved what the partner owes us"),
            "obligation.parts_asked": N_("asked the parts of partners"),
            "obligation.chain_moved": N_("moved the dates of the parts"),
            "part_task.reminded": N_("reminded a partner"),
            "part_task.link_sent": N_("sent a partner a new link"),
            "part_task.revoked": N_("withdrew a partner's link"),
            "part_task.device_confirmed": N_("confirmed a device with a code"),
            "part.moved": N_("moved the part"),
            "part.commented": N_("made a remark"),
            "funder.registered": N_("made it a funder"),
            "funder.changed": N_("changed the funder"),
            "funder.shown": N_("changed how the funder is shown"),
            "round.added": N_("added a round"),
            "round.changed": N_("changed a round"),
            "application.created": N_("started the application"),
            "application.changed": N_("changed the application"),
            "application.moved": N_("moved the application"),
            "grant.awarded": N_("recorded the award"),
            "grant.changed": N_("changed the grant"),
            "grant.moved": N_("moved the grant"),
            "grant.renewal_set": N_("set the renewal window"),
            "grant.confirmed": N_("confirmed the grant for the books"),
            "grant.confirmation_taken_back": N_("took the confirmation back"),
            "grant.divided": N_("divided the grant over funds and programmes"),
            "grant.settled": N_("recorded the settlement"),
            "grant.settlement_taken_back": N_("took the settlement back"),
            "grant.paid_back": N_("recorded money paid back"),
            "grant.repayment_taken_back": N_("took a repayment back"),
            "grant.turned_back": N_("turned the award back"),
            "condition.added": N_("added a condition"),
            "condition.met": N_("recorded that a condition is met"),
            "condition.unmet": N_("recorded that a condition is not met after all"),
            "condition.removed": N_("removed a condition"),
            "instalment.planned": N_("planned the instalment"),
            "instalment.changed": N_("changed the instalment"),
            "instalment.removed": N_("took an instalment out of the plan"),
            "instalment.letter_made": N_("made the payment request"),
            "instalment.moved": N_("moved the instalment"),
            "instalment.money_in": N_("recorded money received"),
            "instalment.money_taken_back": N_("took a receipt back"),
            "obligation.planned": N_("planned the obligation"),
            "obligation.changed": N_("changed the obligation"),
            "obligation.moved": N_("moved the obligation"),
            "report.sent": N_("locked the report that was sent"),
            "report.taken_off": N_("took a locked file off the report"),
            "budget.drafted": N_("wrote a draft of the budget"),
            "budget.discarded": N_("threw the draft of the budget away"),
            "budget.in_force": N_("put a budget in force"),
            "amendment.asked": N_("asked a change of the funder"),
            "amendment.approved": N_("recorded that the funder agrees to the change"),
            "amendment.refused": N_("recorded that the funder refuses the change"),
            "expense.entered": N_("entered an expense"),
            "expense.changed": N_("changed an expense"),
            "expense.shared": N_("shared a cost between grants"),
            "expense.mapped": N_("mapped expenses to a budget line"),
            "expense.sheet_uploaded": N_("uploaded a sheet of expenses"),
            "expense.imported": N_("imported expenses"),
            "project.created": N_("started the project"),
            "project.changed": N_("changed the project"),
            "project.moved": N_("moved the project"),
            "project.source_added": N_("added a source of cover"),
            "project.source_removed": N_("took a source of cover out"),
            "project.plan_saved": N_("wrote the cover plan"),
            "project.tied": N_("tied budget lines to the plan"),
            "grant.cover_rule_set": N_("wrote down what the funder pays"),
            "calendar.address_made": N_("made a calendar address"),
            "calendar.address_stopped": N_("stopped the calendar address"),
        }
    )
