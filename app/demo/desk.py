"""What lies on the desks of the demo: papers with the grants, a budget with expenses, task templates, and the
funders that want to be named. Everything is an example; the papers say so themselves."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.base.actor import Actor
from app.base.dates import add_months, days, local_date
from app.demo import consortium, story
from app.documents import files, pdf
from app.documents import services as documents
from app.documents.files import StoredFile
from app.extensions import db
from app.grants.acknowledgements import services as acknowledgements
from app.grants.acknowledgements.services import AcknowledgementFacts
from app.grants.awards.models import Grant
from app.grants.budgets import queries as budget_queries
from app.grants.budgets import services as budgets
from app.grants.budgets.models import Category
from app.grants.budgets.services import LinePlan
from app.grants.expenses import services as expenses
from app.grants.expenses.services import ExpenseFacts
from app.grants.funders.models import Funder
from app.grants.partners import queries as partners
from app.staff.models import Staff
from app.supporters.models import Supporter
from app.tasks import template_services
from app.tasks.examples import examples
from app.ui.permissions import Role

# Grant, file, what it is, subject, words.
_PAPERS = (
    (story.LOTTERY, "Bijdragebrief Postcode Loterij.pdf", "award", "Vaste bijdrage voor vijf jaar",
     "Met deze voorbeeldbrief bevestigt de loterij een ongeoormerkte bijdrage van € 500.000 per jaar."),
    (story.ADESSIUM, "Toekenningsbrief WATCH Nederland.pdf", "award", "Toekenning WATCH Nederland, tweede fase",
     "Dit is een voorbeeld van een toekenning van € 240.000 voor 24 maanden, in drie termijnen."),
    (story.ADESSIUM, "Samenwerkingsovereenkomst partners.pdf", "agreement", "Samenwerking in WATCH Nederland",
     "Voorbeeld van een overeenkomst: de penvoerder coördineert, elke partner levert cijfers en verslag aan."),
    (story.MUNICIPALITY, "Subsidiebeschikking.pdf", "award", "Beschikking pilot aangiftebereidheid",
     "Voorbeeld van een beschikking: 80% voorschot, de rest na vaststelling."),
)  # fmt: skip
# Code, name, category, euros of the budget, and the partner whose line it is (a part of its name).
_BUDGET = (
    ("P1", "Personeel", Category.STAFF, 76_000, ""),
    ("A1", "Campagne en advertenties", Category.ACTIVITIES, 48_000, ""),
    ("R1", "Reizen en bijeenkomsten", Category.TRAVEL, 12_000, ""),
    ("F1", "Online veldwerk", Category.STAFF, 20_000, "Fier"),
    ("E1", "Lesbrieven voor jongeren", Category.MATERIALS, 14_000, "ECPAT"),
    ("S1", "Doorbetaling aan partners", Category.SUBGRANTS, 60_000, ""),
    ("O1", "Overhead", Category.OVERHEAD, 10_000, ""),
)
# Months after the start, code, euros, words, and the partner who made the cost.
_SPENT = (
    (1, "P1", 9_600, "Salarissen eerste maand", ""), (2, "A1", 14_250, "Advertenties, eerste vlucht", ""),
    (3, "F1", 6_100, "Veldwerk, eerste ronde", "Fier"), (4, "R1", 1_340, "Startbijeenkomst met partners", ""),
    (5, "A1", 8_900, "Vormgeving en tekst", ""), (5, "E1", 14_900, "Lesbrieven: tekst en druk", "ECPAT"),
    (6, "F1", 5_800, "Veldwerk, tweede ronde", "Fier"), (7, "S1", 30_000, "Doorbetaling CKM", "Mensenhandel"),
    (8, "O1", 3_750, "Huur en kantoor", ""), (9, "A1", 11_800, "Advertenties, tweede vlucht", ""),
)  # fmt: skip


def papers() -> list[StoredFile]:
    """Set and store the papers, in the order of the list above. Before the transaction."""
    return [
        files.keep(
            pdf.render(
                "letter.typ",
                {
                    "lang": "nl", "title": subject, "subject": subject, "date": "2026-01-15",
                    "date_text": "", "organisation": {"name": funder, "address": [], "footer": ["Voorbeeld"]},
                    "recipient": [], "paragraphs": [words],
                    "closing": "Dit stuk is een voorbeeld en heeft geen waarde.",
                },
            ),
            name,
        )
        for funder, name, _kind, subject, words in _PAPERS
    ]  # fmt: skip


def load(made: list[StoredFile], *, now: datetime) -> None:
    """Lay everything down; after the story and the consortium."""
    staff = {role: row_id for row_id, role in db.session.execute(select(Staff.id, Staff.role)).all()}
    actor = Actor("staff", staff[Role.FUNDRAISER])
    names = select(Funder.id, Supporter.display_name).join(Supporter, Supporter.id == Funder.supporter_id)
    funders = {name: funder_id for funder_id, name in db.session.execute(names)}
    for (funder, _name, kind, _subject, _words), file in zip(_PAPERS, made, strict=True):
        first = select(Grant.id).where(Grant.funder_id == funders[funder]).order_by(Grant.decided_on).limit(1)
        grant_id = db.session.execute(first).scalar_one()
        documents.attach(file, ("grant_award", grant_id), kind, actor=actor, now=now)
    _budget(actor, now)
    for facts in examples():
        template_services.create(facts, actor=actor, now=now)
    _named(funders, actor, local_date(now), now)


def _budget(actor: Actor, now: datetime) -> None:
    grant_id, starts_on = db.session.execute(
        select(Grant.id, Grant.starts_on).where(Grant.title == consortium.GRANT)
    ).one()  # fmt: skip
    known = partners.partners(grant_id)
    ids = {part: each.id for *_rest, part in _BUDGET + _SPENT for each in known if part and part in each.name}
    plans = [
        LinePlan(
            code=code, name=name, category=category, cents=euros * 100, tolerance_bp=1000, partner_id=ids.get(part)
        )
        for code, name, category, euros, part in _BUDGET
    ]
    awarded_at = now - timedelta(days=300)
    budgets.save_draft(grant_id, plans, note="Zoals toegekend (voorbeeld)", actor=actor, now=awarded_at)
    budgets.put_in_force(grant_id, actor=actor, now=awarded_at)
    lines = {line.code: line.id for line in budget_queries.lines(grant_id)}
    for place, (month, code, euros, words, part) in enumerate(_SPENT):
        facts = ExpenseFacts(
            spent_on=add_months(starts_on, month), cents=euros * 100, description=f"{words} (voorbeeld)",
            budget_line_id=lines[code], partner_id=ids.get(part),
        )  # fmt: skip
        expenses.enter(grant_id, facts, form_key=f"demo-{place}", actor=actor, now=now)


def _named(funders: dict[str, int], actor: Actor, today: date, now: datetime) -> None:
    """Who agreed to be named on the public page, in the order and with the words each contract asks."""
    wanted = (
        (story.LOTTERY, 1, "Hoofdsponsor. Mede mogelijk gemaakt door de deelnemers van de Postcode Loterij.",
         "Main sponsor. Made possible by the players of the Postcode Lottery.", "https://www.postcodeloterij.nl"),
        (story.ADESSIUM, 2, "Steunt WATCH Nederland.", "Supports WATCH Netherlands.", "https://www.adessium.org"),
        (story.JANIVO, 3, "Steunt ons werk op scholen.", "Supports our work in schools.", ""),
    )  # fmt: skip
    for name, position, words_nl, words_en, website in wanted:
        facts = AcknowledgementFacts(
            agreed_on=today - days(200), position=position, wording_nl=f"{words_nl} (voorbeeld)",
            wording_en=f"{words_en} (example)", website=website,
        )  # fmt: skip
        acknowledgements.save(funders[name], facts, actor=actor, now=now)
