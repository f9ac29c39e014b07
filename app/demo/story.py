"""The demo's funders and grants, told through the same services that staff use.

Public facts: the lottery's fixed five-year support of EUR 500,000 a year and its closing date of
15 September. All other figures are invented and marked as examples. Days lie around today, so
that the cockpit is alive whenever the demo is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import add_months, days, local_date
from app.demo import steps
from app.extensions import db
from app.grants.applications import services as applications
from app.grants.applications.models import Stage
from app.grants.applications.services import ApplicationFacts
from app.grants.awards.facts import GrantFacts
from app.grants.awards.models import Recognition
from app.grants.awards.plans import InstalmentPlan, ObligationPlan
from app.grants.funders import services as funders
from app.grants.funders.models import FunderKind
from app.grants.funders.services import FunderFacts
from app.grants.instalments.models import Trigger
from app.grants.obligations.models import ObligationKind as Kind
from app.grants.rounds import services as rounds
from app.grants.rounds.models import Recurrence
from app.grants.rounds.services import RoundFacts
from app.staff.models import Staff
from app.supporters.drafts import OrganisationDraft
from app.supporters.services import create_organisation
from app.tasks import services as tasks
from app.ui.permissions import Role


@dataclass(frozen=True, slots=True)
class Scene:
    """Who tells the story, and when: `today`, and the people by role."""

    now: datetime
    staff: dict[Role, int]
    programmes: dict[str, int]

    @property
    def today(self) -> date:
        return local_date(self.now)

    @property
    def fundraiser(self) -> Actor:
        return Actor("staff", self.staff[Role.FUNDRAISER])

    @property
    def finance(self) -> Actor:
        return Actor("staff", self.staff[Role.FINANCE])

    def ago(self, count: int) -> datetime:
        return self.now - timedelta(days=count)


LOTTERY = "Nationale Postcode Loterij"
ADESSIUM = "Adessium Foundation"
JANIVO = "Stichting Janivo"
MUNICIPALITY = "Gemeente Voorbeeldstad (voorbeeld)"
COMPANY = "Voorbeeld Verzekeringen (voorbeeld)"
_FUNDERS = (
    (LOTTERY, FunderKind.LOTTERY, "https://www.postcodeloterij.nl"),
    (ADESSIUM, FunderKind.FOUNDATION, "https://www.adessium.org"),
    (JANIVO, FunderKind.FOUNDATION, ""),
    (MUNICIPALITY, FunderKind.GOVERNMENT, ""),
    (COMPANY, FunderKind.COMPANY, ""),
)


def scene_of(programmes: dict[str, int], now: datetime) -> Scene:
    staff = {role: row_id for row_id, role in db.session.execute(select(Staff.id, Staff.role)).all()}
    return Scene(now, staff, programmes)


def load(programmes: dict[str, int], *, actor: Actor, now: datetime) -> None:
    """Funders, rounds, the pipeline, grants in every phase, tasks."""
    scene = scene_of(programmes, now)
    known = {name: _funder(scene, name, kind, portal) for name, kind, portal in _FUNDERS}
    _rounds(scene, known)
    _pipeline(scene, known)
    _grants(scene, known)
    for title, due, owner in (
        ("Programmamanager bellen over de halfjaarcijfers", 1, Role.FUNDRAISER),
        ("Bedankbrief aan de vrijwilligers van de collecte", 4, Role.FUNDRAISER),
        ("Saldo van de tussenrekening nalopen", 2, Role.FINANCE),
    ):
        tasks.add(title, scene.today + days(due), owner_id=scene.staff[owner], actor=scene.fundraiser, now=now)


def _funder(scene: Scene, name: str, kind: FunderKind, portal: str) -> int:
    draft = OrganisationDraft(name=name, source="demo", owner_id=scene.staff[Role.FUNDRAISER])
    supporter_id = create_organisation(draft, actor=scene.fundraiser, now=scene.ago(900))
    facts = FunderFacts(kind=kind, portal_url=portal, owner_id=scene.staff[Role.FUNDRAISER])
    return funders.register(supporter_id, facts, actor=scene.fundraiser, now=scene.ago(900))


def _rounds(scene: Scene, known: dict[str, int]) -> None:
    closes = date(scene.today.year, 9, 15)
    closes = closes if closes >= scene.today else closes.replace(year=closes.year + 1)
    lottery = RoundFacts(
        name=f"Aanvraagronde {closes.year}",
        opens_on=closes.replace(month=6, day=1),
        closes_on=closes,
        decision_on=date(closes.year + 1, 1, 31),
        recurrence=Recurrence.YEARLY,
    )
    rounds.open_round(known[LOTTERY], lottery, actor=scene.fundraiser, now=scene.now)
    spring = RoundFacts(
        name="Voorjaarsronde (voorbeeld)",
        opens_on=scene.today + days(20),
        closes_on=scene.today + days(75),
        recurrence=Recurrence.YEARLY,
    )
    rounds.open_round(known[JANIVO], spring, actor=scene.fundraiser, now=scene.now)


def _pipeline(scene: Scene, known: dict[str, int]) -> None:
    # Title, funder, stage, ask in euros, decision in days, programme.
    plan = (
        ("Jongeren online weerbaar (voorbeeld)", JANIVO, Stage.DRAFTING, 45_000, 120, "preventie-en-bescherming"),
        ("Lokadvertenties in drie regio's (voorbeeld)", ADESSIUM, Stage.SUBMITTED, 180_000, 24, "watch-nederland"),
        ("Steunpunt aangifte Noord (voorbeeld)", MUNICIPALITY, Stage.SUBMITTED, 95_000, 58, "aangiftebereidheid"),
        ("Personeelsactie (voorbeeld)", COMPANY, Stage.CULTIVATION, 20_000, 200, None),
        ("Extra project: data tegen daders (voorbeeld)", LOTTERY, Stage.PROSPECT, 1_200_000, 430, "watch-nederland"),
        ("Lespakket voor het mbo (voorbeeld)", JANIVO, Stage.INVITED, 30_000, 95, "preventie-en-bescherming"),
    )  # fmt: skip
    for title, funder, stage, euros, decision, programme in plan:
        application_id = _application(scene, known[funder], title, euros, scene.ago(80), programme, decision=decision)
        if stage is not Stage.PROSPECT:
            applications.move(application_id, stage, actor=scene.fundraiser, now=scene.ago(30))
    declined = _application(scene, known[ADESSIUM], "Lobby 2025 (voorbeeld)", 60_000, scene.ago(300), "lobby")
    applications.move(declined, Stage.SUBMITTED, actor=scene.fundraiser, now=scene.ago(250))
    applications.decline(
        declined,
        "Past dit jaar niet in het thema; volgend jaar opnieuw indienen.",
        resubmit_on=scene.today + days(40),
        task_title="Opnieuw aanvragen: Lobby 2025 (voorbeeld)",
        actor=scene.fundraiser,
        now=scene.ago(160),
    )


def _application(
    scene: Scene, funder_id: int, title: str, euros: int, at: datetime, programme: str | None, *, decision: int = 0
) -> int:
    facts = ApplicationFacts(
        funder_id=funder_id,
        title=title,
        ask_cents=euros * 100,
        owner_id=scene.staff[Role.FUNDRAISER],
        programme_id=scene.programmes[programme] if programme else None,
        decision_on=scene.today + days(decision) if decision else None,
    )
    return applications.create(facts, actor=scene.fundraiser, now=at)


def awarded(
    scene: Scene,
    funder_id: int,
    grant: GrantFacts,
    instalments: list[InstalmentPlan],
    duties: list[ObligationPlan],
    programme: str | None,
) -> steps.Told:
    begun = (scene.today - grant.decided_on).days
    application_id = _application(
        scene, funder_id, grant.title, grant.amount_cents // 100, scene.ago(begun + 150), programme
    )
    applications.move(application_id, Stage.SUBMITTED, actor=scene.fundraiser, now=scene.ago(begun + 100))
    return steps.award(scene.fundraiser, application_id, grant, instalments, duties, now=scene.ago(begun))


def _grants(scene: Scene, known: dict[str, int]) -> None:
    _lottery(scene, known[LOTTERY])
    _adessium(scene, known[ADESSIUM])
    _municipality(scene, known[MUNICIPALITY])


def _lottery(scene: Scene, funder_id: int) -> None:
    """EUR 500,000 a year for five years, unearmarked; each year's contribution is that year's income."""
    first = date(scene.today.year - 2, 1, 31)
    years = range(first.year, first.year + 5)
    grant = GrantFacts(
        title="Vaste bijdrage, vijf jaar",
        amount_cents=5 * 50_000_000,
        decided_on=first,
        agreed_on=first + days(20),
        starts_on=date(first.year, 1, 1),
        ends_on=date(first.year + 4, 12, 31),
        recognition=Recognition.CONTRIBUTION_YEAR,
        funder_reference="NPL-voorbeeld-001",
        owner_id=scene.staff[Role.FUNDRAISER],
    )
    duties = [
        ObligationPlan(kind=Kind.ANNUAL, due_on=date(year + 1, 5, 1), assignee_id=scene.staff[Role.FUNDRAISER],
                       period_from=date(year, 1, 1), period_to=date(year, 12, 31))
        for year in years
    ] + [
        ObligationPlan(kind=Kind.PUBLICITY, due_on=scene.today + days(17), assignee_id=scene.staff[Role.FUNDRAISER],
                       title="Logo en vermelding in de decembermailing"),
    ]  # fmt: skip
    instalments = [
        InstalmentPlan(expected_on=date(year, 3, 1), amount_cents=50_000_000, contribution_year=year) for year in years
    ]
    told = awarded(scene, funder_id, grant, instalments, duties, None)
    steps.confirm(scene.finance, told, now=scene.now)
    for place in range(2):
        steps.deliver(scene.fundraiser, told.duty_ids[place], duties[place].due_on - days(6), accepted_after=20)
    for place, plan in enumerate(instalments):
        if plan.expected_on + days(3) <= scene.today:
            steps.receive(
                scene.finance, told.instalment_ids[place], plan.expected_on + days(3), 50_000_000, now=scene.now
            )


def _adessium(scene: Scene, funder_id: int) -> None:
    """A project grant whose second instalment waits for a report that is due in four days."""
    start = add_months(scene.today, -11)
    grant = GrantFacts(
        title="WATCH Nederland, tweede fase (voorbeeld)",
        amount_cents=24_000_000,
        decided_on=start - days(30),
        agreed_on=start - days(10),
        starts_on=start,
        ends_on=add_months(start, 24),
        recognition=Recognition.COSTS,
        funder_reference="AF-voorbeeld-117",
        programme_id=scene.programmes["watch-nederland"],
        restriction="Alleen voor WATCH Nederland.",
        owner_id=scene.staff[Role.FUNDRAISER],
    )
    staff = scene.staff
    duties = [
        ObligationPlan(kind=Kind.INTERIM_NARRATIVE, due_on=scene.today + days(4), assignee_id=staff[Role.FUNDRAISER],
                       reviewer_id=staff[Role.ADMIN], period_from=start, period_to=scene.today - days(10)),
        ObligationPlan(kind=Kind.INTERIM_FINANCIAL, due_on=scene.today + days(4), assignee_id=staff[Role.FINANCE],
                       period_from=start, period_to=scene.today - days(10)),
        ObligationPlan(kind=Kind.EVALUATION, due_on=scene.today + days(62), assignee_id=staff[Role.FUNDRAISER]),
        ObligationPlan(kind=Kind.FINAL, due_on=add_months(start, 27), assignee_id=staff[Role.FUNDRAISER]),
        ObligationPlan(kind=Kind.AUDIT, due_on=add_months(start, 28), assignee_id=staff[Role.FINANCE]),
    ]  # fmt: skip
    instalments = [
        InstalmentPlan(expected_on=start, amount_cents=12_000_000, triggered_by=Trigger.SIGNATURE),
        InstalmentPlan(
            expected_on=scene.today + days(30), amount_cents=9_000_000, triggered_by=Trigger.REPORT, report=0
        ),
        InstalmentPlan(
            expected_on=add_months(start, 28), amount_cents=3_000_000, triggered_by=Trigger.REPORT, report=3
        ),
    ]
    told = awarded(scene, funder_id, grant, instalments, duties, "watch-nederland")
    steps.confirm(scene.finance, told, now=scene.now)
    steps.receive(scene.finance, told.instalment_ids[0], start + days(5), 12_000_000, now=scene.now)
    steps.begin(scene.fundraiser, told.duty_ids[0], now=scene.ago(6))


def _municipality(scene: Scene, funder_id: int) -> None:
    """A subsidy not yet confirmed by finance, with an overdue report."""
    start = add_months(scene.today, -14)
    grant = GrantFacts(
        title="Pilot aangiftebereidheid (voorbeeld)",
        amount_cents=8_500_000,
        decided_on=start,
        agreed_on=start + days(14),
        starts_on=start,
        ends_on=add_months(start, 13),
        recognition=Recognition.COSTS,
        funder_reference="SUB-voorbeeld-2025-088",
        programme_id=scene.programmes["aangiftebereidheid"],
        owner_id=scene.staff[Role.FUNDRAISER],
    )
    duties = [
        ObligationPlan(
            kind=Kind.INTERIM_NARRATIVE, due_on=add_months(start, 7), assignee_id=scene.staff[Role.FUNDRAISER]
        ),
        ObligationPlan(kind=Kind.FINAL, due_on=scene.today - days(6), assignee_id=scene.staff[Role.FUNDRAISER]),
    ]
    instalments = [
        InstalmentPlan(expected_on=start + days(30), basis_points=8000),
        InstalmentPlan(expected_on=scene.today + days(45), basis_points=2000, triggered_by=Trigger.REPORT, report=1),
    ]
    told = awarded(scene, funder_id, grant, instalments, duties, "aangiftebereidheid")
    steps.deliver(scene.fundraiser, told.duty_ids[0], duties[0].due_on - days(2), accepted_after=25)
