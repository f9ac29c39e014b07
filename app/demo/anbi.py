"""The demo's ANBI publication of last year: figures and names are examples."""

from __future__ import annotations

from datetime import datetime

from app.base.actor import Actor
from app.base.dates import local_date
from app.demo import bulk
from app.extensions import writing
from app.finance.anbi import services
from app.finance.periods import fiscal_year_of
from app.organisation.queries import profile

_TEXTS = {
    "purpose_nl": "Kinderen beschermen tegen seksuele uitbuiting, en eraan bijdragen dat zij veilig opgroeien.",
    "purpose_en": "To protect children against sexual exploitation and to help them grow up safely.",
    "work_nl": "Wij werken aan preventie, signaleren en bescherming, samen met de partners van de coalitie.\n\nElk jaar"
    " kiezen wij met hen de programma's, en volgen wij wat die opleveren.",
    "work_en": "With the partners of the coalition we work on prevention, on recognising signs and on protection."
    "\n\nEach year we choose the programmes together, and follow what they bring about.",
    "raising_nl": "Door giften van particulieren en bedrijven, bijdragen van fondsen en loterijen, en subsidies.",
    "raising_en": "Through gifts of people and companies, contributions of foundations and lotteries, and grants.",
    "spending_nl": "Aan de programma's van de coalitie. Wat voor een programma gegeven is, gaat naar dat programma.",
    "spending_en": "On the programmes of the coalition. What was given for a programme goes to that programme.",
    "wealth_nl": "Op betaal- en spaarrekeningen. Wij beleggen niet.",
    "wealth_en": "On current and savings accounts. We do not invest.",
    "board": "A. Voorbeeld, voorzitter\nB. Voorbeeld, secretaris\nC. Voorbeeld, penningmeester",
    "remuneration_nl": "De leden van het bestuur krijgen geen beloning. Voor medewerkers geldt een salarisregeling.",
    "remuneration_en": "Board members are not paid. For staff there is a salary scheme.",
    "staff_count": "4,2",
    "volunteer_count": "25",
    "activities_nl": "Een voorbeeldjaar: drie programma's liepen door, een vierde begon.",
    "activities_en": "A year as an example: three programmes went on, a fourth began.",
    "note_balance_nl": "Alle bedragen zijn voorbeelden.",
    "note_balance_en": "All amounts are examples.",
}
_CENTS = {
    "tangible": 1_250_000, "receivables": 18_400_000, "cash": 41_350_000,
    "continuity": 20_000_000, "earmarked": 5_000_000, "funds": 26_500_000, "short_debts": 9_500_000,
    "objectives": 31_000_000, "raising_costs": 2_400_000, "management": 1_900_000, "financial": -12_500,
}  # fmt: skip


def load(*, now: datetime) -> None:
    """Last year, published. After everything else, since it keeps the income there is at this moment."""
    year = fiscal_year_of(local_date(now), profile().fiscal_year_start).before
    actor: Actor = bulk.LOADER
    with writing():
        services.save(year, _TEXTS, _CENTS, version=0, actor=actor, now=now)
        services.publish(year, version=2, actor=actor, now=now)
