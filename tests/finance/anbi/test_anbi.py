"""The ANBI publication: typed and drawn, published once complete, kept as it was, and asked for in time."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.actor import SYSTEM
from app.base.errors import Invalid, Refused
from app.extensions import db, now, writing
from app.finance.anbi import jobs, services
from app.finance.anbi.content import changed, deadline, draft, published
from app.finance.anbi.lines import TOLD
from app.finance.anbi.models import Publication, PublicationState
from app.finance.figures.models import FigureKind
from app.finance.periods import fiscal_year
from app.ledger import services as ledger
from app.ledger.rj import RjLine
from app.tasks.models import Task, TaskState
from tests.factories.figures import imported
from tests.factories.ledger import gift_entry
from tests.factories.organisation import make_organisation
from tests.finance.test_pages import text_of
from tests.support.client import Client

SignIn = Callable[[str], Client]
YEAR = fiscal_year(2025, 1)
TEXTS = {f"{told.name}_nl": f"Over {told.name}" for told in TOLD if told.needed and told.both} | {
    "board": "A, voorzitter"
}
BALANCE = {"cash": 150_000, "receivables": 50_000, "continuity": 120_000, "funds": 80_000}


@pytest.fixture
def income(app: Flask) -> None:
    make_organisation()
    book(1, 100_000, RjLine.INDIVIDUALS)
    book(2, 50_050, RjLine.COMPANIES)


def book(number: int, cents: int, line: RjLine) -> None:
    with writing():
        ledger.post([gift_entry(number, cents, date(2025, 3, 5), rj_line=line)], actor=SYSTEM, now=now())


def save(version: int = 0, texts: dict[str, str] = TEXTS, **cents: int) -> int:
    with writing():
        return services.save(YEAR, texts, BALANCE | cents, version=version, actor=SYSTEM, now=now())


def publish(version: int | None = None) -> int:
    found = draft(2025)
    assert found is not None
    wanted = found.version if version is None else version
    db.session.rollback()
    with writing():
        return services.publish(YEAR, version=wanted, actor=SYSTEM, now=now())


def test_a_year_that_is_over_is_asked_for_once_until_it_is_published(income: None) -> None:
    for _n in range(2):
        with writing():
            jobs.ask_to_publish(actor=SYSTEM, now=now())
    (task,) = db.session.execute(select(Task)).scalars()
    assert task.due_on == deadline(YEAR) == date(2026, 6, 30)
    assert "2025" in task.title
    save()
    publish()
    db.session.refresh(task)
    assert task.state is TaskState.DONE
    with writing():
        jobs.ask_to_publish(actor=SYSTEM, now=now())
    assert len(list(db.session.execute(select(Task)).scalars())) == 1


@pytest.mark.parametrize(
    ("texts", "cents", "said"),
    [
        ({**TEXTS, "activities_nl": " "}, {}, "in words"),
        (TEXTS, {"cash": 1}, "not equal"),
        (TEXTS, {"objectives": 5}, "all four"),
    ],
)
def test_what_is_not_complete_is_not_published(
    income: None, texts: dict[str, str], cents: dict[str, int], said: str
) -> None:
    save(texts=texts, **cents)
    with pytest.raises(Refused, match=said):
        publish()
    db.session.rollback()
    assert published() is None


def test_nobody_saves_or_publishes_over_what_they_did_not_see(income: None) -> None:
    save()
    for attempt in (lambda: save(version=1), lambda: save(), lambda: publish(version=1)):
        with pytest.raises(Refused, match="meanwhile"):
            attempt()
        db.session.rollback()
    with pytest.raises(Invalid):
        save(version=2, texts={**TEXTS, "policy_url": "javascript:alert(1)"})


def test_a_version_stays_as_it_was_and_a_new_one_takes_its_place(income: None, client: Client) -> None:
    save()
    first = publish()
    book(3, 7_777, RjLine.LOTTERIES)
    assert "€ 77,77" not in text_of(client, "/anbi/2025")
    for _n in range(2):
        with writing():
            services.revise(YEAR, actor=SYSTEM, now=now())
    second = publish()
    states = dict(db.session.execute(select(Publication.id, Publication.state)).all())
    assert states == {first: PublicationState.REPLACED, second: PublicationState.PUBLISHED}
    client.application.extensions["finance.anbi"].kept.clear()
    page = text_of(client, "/anbi/2025")
    assert "€ 77,77" in page
    assert "versie 2" in page


def test_finance_sees_what_changed_in_the_books_since_it_was_published(income: None, sign_in: SignIn) -> None:
    save()
    publish()
    client = sign_in("finance")
    assert "Sinds de publicatie veranderd" not in text_of(client, "/finance/anbi/2025")
    book(3, 2_500, RjLine.COMPANIES)
    row = published(2025)
    assert row is not None
    assert changed(row) == [(RjLine.COMPANIES.value, 50_050, 52_550)]
    page = text_of(client, "/finance/anbi/2025")
    assert "Sinds de publicatie veranderd" in page
    assert re.findall(r'<div class="cell-in">(€ 5[^<]*)<', page) == ["€ 500,50", "€ 525,50"]
    with writing():
        services.revise(YEAR, actor=SYSTEM, now=now())
    publish()
    assert "Sinds de publicatie veranderd" not in text_of(client, "/finance/anbi/2025")


def test_the_public_page_says_what_it_does_not_know_instead_of_nothing(income: None, client: Client) -> None:
    before = client.get("/anbi")
    assert before.status_code == 200
    assert "123456782" in before.get_data(as_text=True)
    assert client.get("/anbi/2025").status_code == client.get("/anbi/2025.pdf").status_code == 404
    client.application.extensions["finance.anbi"].kept.clear()
    save()
    publish()
    for address, said, sums in (
        ("/anbi", "nog niet bekend", ("Som van de baten", "Som van de lasten")),
        ("/en/anbi/2025", "not known yet", ("Sum of income", "Sum of costs")),
    ):
        answer = client.get(address)
        page = answer.get_data(as_text=True)
        assert said in page
        assert sums[0] in page
        assert sums[1] not in page
        assert "1.500,50" in page or "1,500.50" in page
        assert "Over purpose" in page
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert "Set-Cookie" not in answer.headers
    paper = client.get("/anbi/2025.pdf")
    assert paper.get_data().startswith(b"%PDF-")
    assert "Set-Cookie" not in paper.headers


def test_imported_costs_are_drawn_and_typed_ones_go_before_them(income: None, client: Client) -> None:
    with writing():
        imported(
            FigureKind.COST,
            [(month, RjLine.OBJECTIVES, None, 1_000) for month in YEAR.months]
            + [(YEAR.start, RjLine.MANAGEMENT, None, 3_000), (YEAR.start, RjLine.FINANCIAL, None, -50)],
        )
    save(raising_costs=4_000)
    publish()
    page = text_of(client, "/en/anbi")
    for shown in ("€120.00", "€40.00", "€30.00", "€190.00", "€1,310.50", "€1,310.00"):
        assert shown in page


def test_finance_fills_it_in_and_publishes(income: None, sign_in: SignIn, client: Client) -> None:
    finance = sign_in("finance")
    assert "2025" in finance.get("/finance/anbi").get_data(as_text=True)
    typed: dict[str, Any] = {f"text_{name}": text for name, text in TEXTS.items()}
    typed |= {f"line_{name}": f"{cents / 100:.2f}".replace(".", ",") for name, cents in BALANCE.items()}
    wrong = finance.post("/finance/anbi/2025", data=typed | {"version": 0, "text_policy_url": "nergens"})
    assert wrong.status_code == 422
    assert 'value="1.500,00"' in wrong.get_data(as_text=True) or 'value="1500,00"' in wrong.get_data(as_text=True)
    assert finance.post("/finance/anbi/2025", data=typed | {"version": 0}).status_code == 303
    page = finance.get("/finance/anbi/2025").get_data(as_text=True)
    assert "/finance/anbi/2025/publish" in page
    rows = list(csv.reader(io.StringIO(
        finance.get("/finance/reports/anbi.csv?year=2025").get_data().decode("utf-8-sig")), delimiter=";"))  # fmt: skip
    assert ["Liquide middelen", "1500,00"] in rows
    page = finance.get("/finance/reports/anbi?year=2025").get_data(as_text=True)
    assert "concept" in page
    assert "Baten naar herkomst" in page
    assert finance.post("/finance/anbi/2025/publish", data={"version": 2}).status_code == 303
    assert "€ 1.500,00" in text_of(client, "/anbi")
    assert finance.post("/finance/anbi/2025/revise").status_code == 303
    assert "text_purpose_nl" in finance.get("/finance/anbi/2025").get_data(as_text=True)
    assert finance.get("/finance/anbi/2099").status_code == 404
    assert "text_purpose" not in sign_in("viewer").get("/finance/anbi/2025").get_data(as_text=True)


def test_lines_are_called_as_the_form_calls_them_and_a_published_version_keeps_its_names(
    income: None, sign_in: SignIn, client: Client
) -> None:
    save(texts=TEXTS | {"name_cash_nl": "Kas en bank", "name_companies_nl": "Bedrijven en sponsors"})
    publish()
    page = text_of(client, "/anbi")
    for shown in (">Kas en bank<", ">2. Bedrijven en sponsors<", ">1. Particulieren<"):
        assert shown in page
    assert "Liquide middelen" not in page
    english = text_of(client, "/en/anbi")
    assert "Cash and bank" in english
    with writing():
        services.revise(YEAR, actor=SYSTEM, now=now())
    save(version=1, texts=TEXTS)
    assert ">Kas en bank<" in text_of(client, "/anbi")
    # A new year begins with the names of the last one.
    later = sign_in("finance").get("/finance/anbi/2026").get_data(as_text=True)
    assert 'name="text_name_cash_nl"' in later
    assert 'value="Kas en bank"' in later


def test_who_is_no_anbi_has_no_page(app: Flask, client: Client) -> None:
    make_organisation(anbi=False)
    assert client.get("/anbi").status_code == 404
    with writing():
        jobs.ask_to_publish(actor=SYSTEM, now=now())
    assert db.session.execute(select(Task.id)).first() is None
