"""What happens to the demo's grants besides: conditions, changes of a budget, costs taken in from the accounts and
tied to the cover plan, tasks from a template, and a grant that was reported on and settled lower. All examples."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import add_months, days, local_date
from app.demo import projects, steps, story
from app.demo.story import Scene
from app.extensions import db, writing
from app.grants.applications.models import Application
from app.grants.awards import services as awards
from app.grants.awards.facts import GrantFacts
from app.grants.awards.models import Grant, GrantState, Recognition
from app.grants.awards.plans import InstalmentPlan, ObligationPlan
from app.grants.budgets import amendments
from app.grants.budgets import queries as budgets
from app.grants.budgets import services as budget_services
from app.grants.budgets.amendments import Asked
from app.grants.budgets.models import AmendmentKind
from app.grants.budgets.services import LinePlan
from app.grants.conditions import services as conditions
from app.grants.conditions.models import ConditionKind
from app.grants.expenses import imports
from app.grants.expenses import services as expenses
from app.grants.expenses.models import ExpenseImport
from app.grants.funders.models import Funder
from app.grants.obligations.models import Obligation, ObligationKind
from app.grants.projects import planning
from app.grants.projects import queries as plans
from app.grants.projects.models import Project
from app.grants.renewals import services as renewals
from app.grants.reports import keeping, pack
from app.grants.settlements import services as settlements
from app.grants.settlements.services import SettlementFacts
from app.staff import services as staff
from app.staff.models import Staff
from app.supporters.models import Supporter
from app.tasks import template_services
from app.tasks.template_models import StepRole, TaskTemplate, TemplateUse
from app.ui.permissions import Role

# Months ago, entry number, ledger account, words, amount as the accounts write it; the last row is not right.
_ROWS = (
    (5, "2210-014", "4000", "Salarissen", "9.850,00"), (4, "2210-022", "4000", "Salarissen", "9.850,00"),
    (3, "2210-031", "4000", "Salarissen en toeslagen", "10.420,50"), (3, "2210-035", "4300", "Reiskosten", "412,30"),
    (2, "2210-041", "4000", "Salarissen", "9.850,00"), (2, "2210-044", "4300", "Zaalhuur bijeenkomst", "1.275,00"),
    (1, "2210-052", "4900", "Nog toe te wijzen", "318,20"), (1, "2210-053", "4300", "Reiskosten", "op rekening"),
)  # fmt: skip
# Ledger account → line of the budget; line of the budget → line of the cover plan.
_ACCOUNTS = {"4000": "P1", "4300": "R1"}
_TIES = {"P1": "Onderzoek en begeleiding", "A1": "Advertenties", "R1": "Bijeenkomsten", "O1": "Overhead"}


@dataclass(frozen=True, slots=True)
class Begun:
    """What is finished after the transaction: it opens its own, or makes files."""

    import_id: int
    report_id: int


def sheet_of_costs(now: datetime) -> tuple[Any, ...]:
    """A sheet of the accounting package, stored. Before the transaction."""
    today = local_date(now)
    rows = [
        f"{add_months(today, -ago):%d-%m-%Y};{number};{account};{words} (voorbeeld);{amount}"
        for ago, number, account, words, amount in _ROWS
    ]
    text = "\r\n".join(["Datum;Boekstuk;Grootboek;Omschrijving;Bedrag", *rows, ""])
    return imports.keep(text.encode("cp1252"), "Kosten WATCH uit de boekhouding.csv")


def load(scene: Scene, costs: tuple[Any, ...]) -> Begun:
    """After the desk, in the transaction that tells the story."""
    watch = db.session.execute(select(Grant).where(Grant.title == projects.GRANT)).scalar_one()
    _conditions(scene, watch.id)
    _change_budget(scene, watch)
    _tie_costs(scene, watch.id)
    renewals.set_window(
        watch.id, wanted=True, opens_on=scene.today + days(30), note="Eerst de evaluatie bespreken (voorbeeld).",
        version=0, actor=scene.fundraiser, now=scene.now,
    )  # fmt: skip
    _tasks(scene, watch.id)
    import_id = imports.begin(watch.id, *costs, actor=scene.finance, now=scene.now)
    return Begun(import_id, _settled_lower(scene))


def finish(begun: Begun, *, now: datetime) -> None:
    """Take the costs in, and lock the report that went out."""
    row = db.session.get_one(ExpenseImport, begun.import_id)
    columns, version, actor = dict(row.columns), row.version, Actor("staff", row.created_by_id)
    db.session.rollback()
    with writing():
        imports.choose(begun.import_id, columns, version=version, now=now)
    imports.try_out(begun.import_id)
    with writing():
        imports.approve(begun.import_id, version=None, actor=actor, now=now)
    imports.enter(begun.import_id, now=now)
    told = pack.gather(begun.report_id)
    db.session.rollback()
    made = keeping.make(told)
    with writing():
        keeping.lock(begun.report_id, made, actor=actor, now=now)
        keeping.record_sent(begun.report_id, actor=actor, now=now)


def _conditions(scene: Scene, grant_id: int) -> None:
    told = (
        ("De samenwerkingsovereenkomst met de partners is getekend (voorbeeld)", ConditionKind.PRECEDENT, 200),
        ("Logo van de financier op alle uitingen (voorbeeld)", ConditionKind.ONGOING, None),
        ("Verschuivingen boven 10% vooraf voorleggen (voorbeeld)", ConditionKind.APPROVAL, None),
    )
    for text, kind, met in told:
        row_id = conditions.add(grant_id, text, kind, actor=scene.fundraiser, now=scene.ago(300))
        if met:
            conditions.meet(
                row_id, met_on=scene.today - days(met), evidence="Zie de overeenkomst bij de documenten",
                actor=scene.fundraiser, now=scene.ago(met),
            )  # fmt: skip


def _change_budget(scene: Scene, watch: Grant) -> None:
    """A shift the funder tolerates, as a second version; and more time, asked and not answered yet."""
    grant_id, ends_on, actor = watch.id, watch.ends_on, scene.fundraiser
    shifts = {"R1": -100_000, "A1": 100_000}
    current = budgets.in_force(grant_id)
    lines = [
        LinePlan(
            line_id=row.budget_line_id, code=row.code, name=row.name, category=row.category,
            cents=row.revised_cents + shifts.get(row.code, 0), tolerance_bp=row.tolerance_bp,
            partner_id=row.partner_id,
        )
        for row in (budgets.rows_of(current.id) if current else [])
    ]  # fmt: skip
    note = "Minder reizen, meer advertenties; binnen de speelruimte (voorbeeld)"
    budget_services.save_draft(grant_id, lines, note=note, actor=actor, now=scene.ago(40))
    budget_services.put_in_force(grant_id, actor=actor, now=scene.ago(40))
    asked = Asked(
        kind=AmendmentKind.EXTENSION,
        reason="De tweede vlucht begon later; we vragen drie maanden (voorbeeld).",
        requested_on=scene.today - days(6),
        ends_on=add_months(ends_on, 3),
    )
    amendments.request(grant_id, asked, actor=actor, now=scene.ago(6))


def _tie_costs(scene: Scene, grant_id: int) -> None:
    lines = {line.code: line.id for line in budgets.lines(grant_id)}
    for account, code in _ACCOUNTS.items():
        expenses.map_to_line(grant_id, account, "", lines[code], actor=scene.finance, now=scene.now)
    project_id = db.session.execute(select(Project.id).where(Project.name == projects.NAME)).scalar_one()
    named = {row.line.name: row.line.id for row in plans.plan(project_id).rows}
    tied = {lines[code]: named[name] for code, name in _TIES.items()}
    planning.tie(project_id, tied, version=None, actor=scene.fundraiser, now=scene.now)


def _tasks(scene: Scene, grant_id: int) -> None:
    """Steps towards the evaluation and towards an application; and somebody who stands in."""
    fundraiser, admin = scene.staff[Role.FUNDRAISER], scene.staff[Role.ADMIN]
    people: dict[StepRole, int | None] = {
        StepRole.OWNER: fundraiser, StepRole.ASSIGNEE: fundraiser, StepRole.REVIEWER: admin,
        StepRole.FINANCE: scene.staff[Role.FINANCE],
    }  # fmt: skip
    mine = (Obligation.grant_id == grant_id) & (Obligation.kind == ObligationKind.EVALUATION)
    duty_id, due_on = db.session.execute(select(Obligation.id, Obligation.due_on).where(mine)).one()
    asked = select(Application.id).where(Application.title == "Jongeren online weerbaar (voorbeeld)")
    application = ("application", db.session.execute(asked).scalar_one())
    for use, subject, day in (
        (TemplateUse.OBLIGATION, ("obligation", duty_id), due_on),
        (TemplateUse.APPLICATION, application, scene.today + days(75)),
    ):
        found = select(TaskTemplate.id).where(TaskTemplate.used_for == use).order_by(TaskTemplate.id).limit(1)
        template_id = db.session.execute(found).scalar_one()
        template_services.apply(template_id, day, people, subject=subject, actor=scene.fundraiser, now=scene.now)
    row = db.session.get_one(Staff, fundraiser)
    staff.update_profile(
        row.id, name=row.name, language=row.language, theme=row.theme, deputy_id=admin, actor=scene.fundraiser,
        now=scene.now,
    )  # fmt: skip


def _settled_lower(scene: Scene) -> int:
    """A grant that is over: delivered, settled lower than granted, the rest paid back. Gives its final report."""
    start = add_months(scene.today, -22)
    janivo = (
        select(Funder.id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(Supporter.display_name == story.JANIVO)
    )
    grant = GrantFacts(
        title="Lespakket voor het vo (voorbeeld)",
        amount_cents=2_500_000,
        decided_on=start - days(20),
        agreed_on=start - days(10),
        starts_on=start,
        ends_on=add_months(start, 12),
        recognition=Recognition.COSTS,
        funder_reference="JAN-voorbeeld-09",
        programme_id=scene.programmes["preventie-en-bescherming"],
        owner_id=scene.staff[Role.FUNDRAISER],
    )
    final = ObligationPlan(
        kind=ObligationKind.FINAL, due_on=add_months(start, 14), assignee_id=scene.staff[Role.FUNDRAISER],
        period_from=start, period_to=add_months(start, 12),
    )  # fmt: skip
    parts = [
        InstalmentPlan(expected_on=start, basis_points=6000),
        InstalmentPlan(expected_on=add_months(start, 6), basis_points=4000),
    ]
    funder_id = db.session.execute(janivo).scalar_one()
    told = story.awarded(scene, funder_id, grant, parts, [final], "preventie-en-bescherming")
    steps.confirm(scene.finance, told, now=scene.now)
    for place, cents in enumerate((1_500_000, 1_000_000)):
        on = parts[place].expected_on + days(4)
        steps.receive(scene.finance, told.instalment_ids[place], on, cents, now=scene.now)
    steps.deliver(scene.fundraiser, told.duty_ids[0], final.due_on - days(9), accepted_after=21)
    on = final.due_on + days(30)
    at = scene.ago((scene.today - on).days)
    awards.move(told.grant_id, GrantState.REPORTING, note="Project afgerond", actor=scene.fundraiser, now=at)
    facts = SettlementFacts(
        settled_cents=2_240_000, settled_on=on, booked_on=on, form_key="demo-settlement",
        note="Minder scholen bereikt dan gepland (voorbeeld)", reference="JAN-voorbeeld-09/v",
    )  # fmt: skip
    settlement_id = settlements.settle(told.grant_id, facts, actor=scene.finance, now=at)
    settlements.repay(
        settlement_id, paid_on=on + days(20), amount_cents=260_000, bank_reference="voorbeeld terugbetaling",
        form_key="demo-repayment", actor=scene.finance, now=scene.now,
    )  # fmt: skip
    return told.duty_ids[0]
