"""Invented supporters, the same for the same seed. Any likeness to somebody real is chance."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from app.base.money import Money
from app.supporters.drafts import AddressDraft, PersonDraft
from app.supporters.models import Language
from app.supporters.names import Greeting, Name

_MADAM = """Anneke Saskia Marieke Fatima Noor Sanne Yvonne Ingrid Aisha Lotte Mirjam Petra Eline Karin Femke Naima
Wilhelmina Jolanda Esther Hanneke Roos Sophie Tessa Wendy Zeynep Ilse Judith Maaike Nienke Carolien""".split()
_SIR = """Jan Pieter Mohammed Willem Sjoerd Thijs Kees Ahmed Bas Diederik Erik Gerrit Hendrik IJsbrand Jeroen Koen
Lars Maarten Niels Omar Paul Ruben Stefan Tim Ulrich Vincent Wouter Youssef Bram Daan""".split()
# Infix and surname, an underscore for the space within an infix.
_SURNAMES = """|Jansen |Bakker |Visser |Smit |Mulder |Bos |Dekker |Kuipers |Postma |Hoekstra |Yilmaz |Koster |Prins
|Schouten |Wolters |Timmer |Veenstra |Aydin |Brouwer |Sanders |Groen |Peeters |Hermans |IJzerman van_den|Berg
van_der|Meer de|Vries van|Dijk de|Jong van_der|Laan 't|Hooft ten|Brink van|Leeuwen de|Wit van_de|Ven ter|Horst
in_'t|Veld op_den|Akker el|Amrani van_'t|Hoff de|Graaf van_den|Broek""".split()
_STREETS = """Dorpsstraat Kerklaan Molenweg Beukenlaan Stationsstraat Schoolstraat Parkweg Lindelaan Havenkade
Esdoornstraat Vijverpad Zonnebloemstraat Waterkers Merelhof Kastanjeplein""".split()
_PLACES = """Amsterdam Utrecht Rotterdam Leeuwarden Groningen Zwolle Arnhem Nijmegen Eindhoven Tilburg Breda Haarlem
Leiden Delft Amersfoort Apeldoorn Enschede Deventer Maastricht Middelburg Assen Alkmaar Hoorn Gouda Zutphen""".split()
_LETTERS = "ABCDEGHJKLMNPRTVWXZ"
_AMOUNTS = (1000, 1500, 2500, 2500, 2500, 3500, 5000, 5000, 7500, 10000, 10000, 25000, 100000)
_METHODS = ("ideal", "ideal", "ideal", "ideal", "creditcard", "bank_transfer")
YEARS = 6


def people(count: int, seed: int) -> Iterator[PersonDraft]:
    """`count` invented people with an address and, mostly, an e-mail address at example.org."""
    draw = random.Random(seed)
    for number in range(1, count + 1):
        madam = draw.random() < 0.53
        infix, _, last_name = draw.choice(_SURNAMES).partition("|")
        first_name = draw.choice(_MADAM if madam else _SIR)
        told = draw.random() < 0.4
        yield PersonDraft(
            name=Name(
                first_name=first_name,
                initials=f"{first_name[0]}.",
                infix=infix.replace("_", " "),
                last_name=last_name,
                greeting=(Greeting.MADAM if madam else Greeting.SIR) if told else Greeting.NEUTRAL,
            ),
            email=f"{first_name}.{last_name}.{number}@example.org".lower() if draw.random() < 0.9 else "",
            language=Language.EN if draw.random() < 0.04 else Language.NL,
            address=AddressDraft(
                street=draw.choice(_STREETS),
                house_number=draw.randint(1, 240),
                postcode=f"{draw.randint(1001, 9999)} {draw.choice(_LETTERS)}{draw.choice(_LETTERS)}",
                place=draw.choice(_PLACES),
            ),
            source="demo",
        )


def giving_of(draw: random.Random, today: date) -> list[tuple[date, Money, str]]:
    """One supporter's gifts, five on average, over the last years: day, amount, method."""
    usual = draw.choice(_AMOUNTS)
    span = YEARS * 365
    begun = draw.randint(0, span - 1)
    count = draw.choice((1, 1, 2, 3, 4, 5, 6, 8, 9, 11))
    return [
        (today - timedelta(days=draw.randint(0, span - 1 - begun)), Money(usual), draw.choice(_METHODS))
        for _ in range(count)
    ]
