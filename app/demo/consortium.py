"""The demo's consortium: partners of WATCH Nederland, what is passed on, and a report in parts that is
under way. Amounts and words are examples; no contact is a real person."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import days, local_date
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.obligations.models import Obligation, ObligationKind
from app.grants.partners import duties, passing_on, sub_grants
from app.grants.partners import services as partners
from app.grants.partners.models import Booking, PartnerRole
from app.grants.partners.passing_on import PaidOut
from app.grants.partners.services import PartnerFacts
from app.grants.partners.sub_grants import SubGrantFacts
from app.grants.parts import asking, services
from app.grants.parts.asking import LineAsked, Question
from app.grants.parts.dates import Spans
from app.grants.parts.models import PartKind
from app.grants.parts.queries import parts
from app.grants.parts.services import Content
from app.staff.models import Staff
from app.supporters.models import Role as SupporterRole
from app.supporters.queries import with_role
from app.ui.permissions import Role

GRANT = "WATCH Nederland, tweede fase (voorbeeld)"
_SHARES = (("Mensenhandel", "ckm", 5000), ("Fier", "fier", 2500), ("ECPAT", "ecpat", 2500))
_QUESTIONS = (
    Question(
        kind=PartKind.NARRATIVE,
        title="Wat is er gedaan en bereikt",
        question="Beschrijf de activiteiten van deze periode en wat ze opleverden. Geen gegevens van personen.",
        max_characters=2500,
    ),
    Question(kind=PartKind.INDICATOR, title="Getoonde lokadvertenties", question="Hoeveel deze periode?", target="24"),
    Question(
        kind=PartKind.FIGURES,
        title="Uitgaven van deze periode",
        lines=(LineAsked("Personeel"), LineAsked("Campagne en advertenties"), LineAsked("Reizen en bijeenkomsten")),
    ),
)


def load(*, now: datetime) -> None:
    """Partners, a sub-grant half paid, and the evaluation asked in parts: one delivered, one in draft."""
    grant = db.session.execute(select(Grant).where(Grant.title == GRANT)).scalar_one_or_none()
    staff = {role: row_id for row_id, role in db.session.execute(select(Staff.id, Staff.role)).all()}
    if grant is None:
        return
    actor = Actor("staff", staff[Role.FUNDRAISER])
    grant_id, starts_on, ends_on = grant.id, grant.starts_on, grant.ends_on
    known = with_role(SupporterRole.PARTNER)
    ids = []
    for part_of_name, address, share in _SHARES:
        found = next((each for each in known if part_of_name in each.display_name), None)
        if found is not None:
            facts = PartnerFacts(
                role=PartnerRole.PARTNER,
                share_basis_points=share,
                agreed_on=starts_on,
                contact_name="Projectbureau (voorbeeld)",
                contact_email=f"projecten-{address}@demo.example",
            )
            ids.append(partners.add(grant_id, found.id, facts, actor=actor, now=now))
    if ids:
        _hold_for(ids[-1], starts_on, ends_on, actor, now)
        _pass_on(ids[0], starts_on, ends_on, actor, Actor("staff", staff[Role.FINANCE]), now)
        _report(grant_id, ids, actor, now)


def _pass_on(partner_id: int, starts_on: date, ends_on: date, actor: Actor, finance: Actor, now: datetime) -> None:
    today = local_date(now)
    facts = SubGrantFacts(
        title="Online onderzoek en duiding (voorbeeld)",
        amount_cents=6_000_000,
        booking=Booking.PRINCIPAL,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    sub_grant_id = sub_grants.plan(partner_id, facts, actor=actor, now=now)
    first = sub_grants.plan_instalment(
        sub_grant_id, amount_cents=3_000_000, due_on=today - days(20), actor=actor, now=now
    )
    sub_grants.plan_instalment(sub_grant_id, amount_cents=3_000_000, due_on=today + days(160), actor=actor, now=now)
    duties.plan(sub_grant_id, "Jaarcijfers van het project", today + days(90), actor=actor, now=now)
    sub_grants.agree(sub_grant_id, agreed_on=today - days(25), actor=actor, now=now)
    passing_on.owe([first], actor=finance, now=now)
    paid = PaidOut(
        instalment_id=first,
        paid_on=today - days(12),
        bank_reference="voorbeeld doorbetaling",
        form_key="demo-pass-on-1",
    )
    passing_on.pay([paid], actor=finance, now=now)


def _hold_for(partner_id: int, starts_on: date, ends_on: date, actor: Actor, now: datetime) -> None:
    """Money that is only passed on, still in draft."""
    facts = SubGrantFacts(
        title="Bijdrage aan de hulplijn (voorbeeld)",
        amount_cents=1_500_000,
        booking=Booking.CASHIER,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    sub_grant_id = sub_grants.plan(partner_id, facts, actor=actor, now=now)
    due_on = local_date(now) + days(45)
    sub_grants.plan_instalment(sub_grant_id, amount_cents=1_000_000, due_on=due_on, actor=actor, now=now)


def _report(grant_id: int, partner_ids: list[int], actor: Actor, now: datetime) -> None:
    duty = select(Obligation.id).where(Obligation.grant_id == grant_id, Obligation.kind == ObligationKind.EVALUATION)
    obligation_id = db.session.execute(duty).scalar()
    if obligation_id is None:
        return
    asking.ask(
        obligation_id, _QUESTIONS, partner_ids, Spans(consolidation_days=8, review_days=4, buffer_days=2),
        actor=actor, now=now,
    )  # fmt: skip
    asked = parts(obligation_id)
    texts = {
        partner_ids[0]: (
            "We draaiden tien lokadvertenties in drie regio's en spraken met vier gemeenten. (voorbeeld)",
            True,
        ),
        partner_ids[-1]: ("Eerste opzet: de lesbrieven voor jongeren zijn herzien. (voorbeeld)", False),
    }
    partner = Actor("public", None, "partner (voorbeeld)")
    for part in asked:
        if part.kind == "narrative" and part.partner_id in texts:
            text, deliver = texts[part.partner_id]
            services.save(
                part.id,
                Content(answer=text),
                submit=deliver,
                version=None,
                who=part.partner_name,
                actor=partner,
                now=now,
            )
        if part.kind == "figures" and part.partner_id == partner_ids[0]:
            cents = (1_850_000, 640_000, 112_500)
            figures = {figure.id: amount for figure, amount in zip(part.figures, cents, strict=True)}
            content = Content(figures=figures, total_cents=sum(cents))
            services.save(part.id, content, submit=True, version=None, who=part.partner_name, actor=partner, now=now)
