"""Gifts that staff enter, give another purpose, or book in batches: the books always come to the same."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.base.ids import new_id
from app.extensions import db, now, writing
from app.gifts.batch_models import BatchState, GiftBatch
from app.gifts.models import Gift, GiftEarmark, GiftState
from app.gifts.volunteers import most
from app.ledger import checks
from app.ledger.models import FiscalPeriod, JournalLine, PeriodState
from app.ledger.queries import balances
from app.ledger.rj import RjLine
from app.letters.statements.content import Part as StatementPart
from app.letters.statements.content import gather
from app.letters.statements.paper import method_labels
from app.organisation.services import save as save_organisation
from app.outbox.letters import count_waiting
from app.outbox.models import Message
from app.privacy import erasing
from app.supporters.models import Kind, Role, Supporter
from tests.factories.gifts import paid_gift
from tests.factories.organisation import DETAILS, make_programme
from tests.factories.periodic import running
from tests.factories.supporters import organisation, person
from tests.support.client import Client

SignIn = Callable[[str], Client]
FORM = {"amount": "100", "given_on": "22-11-2026", "method": "bank_transfer", "programme_id": "", "campaign_id": ""}


@pytest.fixture
def watch(app: Flask) -> int:
    return make_programme("watch", name="WATCH")


def books() -> None:
    db.session.rollback()
    assert [o.problems for o in checks.run() if o.problems] == []


def gifts() -> list[Gift]:
    books()
    return list(db.session.execute(select(Gift).order_by(Gift.amount_cents, Gift.id)).scalars())


def income() -> dict[int | None, int]:
    """Income by programme, from the journal's lines."""
    rows = db.session.execute(
        select(JournalLine.programme_id, func.sum(JournalLine.cents))
        .where(JournalLine.rj_line == RjLine.INDIVIDUALS)
        .group_by(JournalLine.programme_id)
    )
    return {programme: -int(cents) for programme, cents in rows if cents}


def key_in(client: Client, path: str) -> str:
    found = re.search(r'name="key"[^>]*value="(\d+)"', client.get(path).text)
    assert found
    return found[1]


def test_an_amount_is_split_over_purposes_to_the_cent_once(sign_in: SignIn, watch: int) -> None:
    client, donor = sign_in("finance"), person("Anna de Wit", email="anna@example.org")
    path = f"/gifts/new?supporter={donor}"
    form = FORM | {"key": key_in(client, path), "amount_1": "60,01", "programme_1": str(watch), "amount_2": "39,98"}
    answer = client.post(path, data=form)
    assert answer.status_code == 422
    assert "0,01" in answer.text
    assert client.post(path, data=form | {"programme_1": "x"}).status_code == 422
    assert gifts() == []
    form["amount_2"] = "39,99"
    for _ in range(2):
        assert client.post(path, data=form).status_code == 303
    assert [g.amount_cents for g in gifts()] == [3999, 6001]
    assert income() == {watch: 6001, None: 3999}
    assert balances()["1100"].cents == 10000
    assert db.session.execute(select(func.count()).select_from(Message)).scalar() == 1, "one thank-you for all of it"
    assert client.post(path, data=form | {"amount_1": "50,01", "amount_2": "49,99"}).status_code == 409


def test_a_gift_in_kind_touches_no_money_and_names_what_it_was(sign_in: SignIn, watch: int) -> None:
    client, donor = sign_in("finance"), organisation("Drukkerij Voorbeeld", Role.COMPANY)
    path = f"/gifts/new?supporter={donor}"
    form = FORM | {"method": "in_kind", "programme_id": str(watch)}
    assert 'id="description-error"' in client.post(path, data=form).text
    gift_id = int(client.post(path, data=form | {"description": "500 folders"}).location.rsplit("/", 1)[1])
    (gift,) = gifts()
    assert (gift.rj_line, gift.description) == (RjLine.COMPANIES, "500 folders")
    found = balances()
    assert (found["4130"].cents, found["8020"].cents) == (10000, -10000)
    assert not {"1000", "1100"} & {code for code, b in found.items() if b.cents}
    assert client.get(f"/gifts/{gift_id}/refund").status_code == 409
    client.post(f"/gifts/{gift_id}/undo")
    assert gifts()[0].state is GiftState.CANCELED
    assert balances()["4130"].cents == 0


def test_a_waived_allowance_is_a_gift_with_our_declaration_and_without_money(sign_in: SignIn, watch: int) -> None:
    client, anna = sign_in("finance"), person("Anna de Wit")
    path, form = f"/gifts/new?supporter={anna}", FORM | {"method": "waived_allowance"}
    running(anna, date(2026, 1, 1))
    assert 'id="description-error"' in client.post(path, data=form | {"declared": "y"}).text
    form |= {"description": "gastlessen, voorjaar 2026, afgesproken op 3 januari"}
    assert 'id="declared-error"' in client.post(path, data=form).text
    firm = organisation("Drukkerij Voorbeeld", Role.COMPANY)
    wrong = client.post(f"/gifts/new?supporter={firm}", data=form | {"declared": "y"})
    assert wrong.status_code == 422
    assert "gastlessen" in wrong.text
    assert gifts() == []
    done = client.post(path, data=form | {"declared": "y"})
    gift_id = int(done.location.rsplit("/", 1)[1])
    found = balances()
    assert (found["4130"].cents, {c for c, b in found.items() if b.cents and c[0] == "1"}) == (10000, set())
    books()
    (line,) = gather([anna], date(2026, 1, 1), date(2026, 12, 31))[anna].lines
    assert (line.part, line.cents) == (StatementPart.ORDINARY, 10000), "an agreement is on money"
    assert "Vrijwilligersvergoeding" in method_labels({line.method}, "nl")[line.method]
    assert f"/gifts/{gift_id}/declaration.pdf" in client.get(f"/gifts/{gift_id}").text
    declared = client.get(f"/gifts/{gift_id}/declaration.pdf")
    said = " ".join(PdfReader(io.BytesIO(declared.data)).pages[0].extract_text().split())
    for words in ("gastlessen, voorjaar 2026", "100,00", "vrij was om haar aan te nemen"):
        assert words in said, words
    client.post(f"/gifts/{gift_id}/undo")
    assert balances()["4130"].cents == 0
    assert client.get(f"/gifts/{gift_id}/declaration.pdf").status_code == 404


def test_a_volunteer_has_a_yearly_maximum_over_all_declarations(sign_in: SignIn) -> None:
    anna, staff = person("Anna Bakker"), sign_in("finance")
    path, form = f"/gifts/new?supporter={anna}", FORM | {
        "method": "waived_allowance", "declared": "y", "description": "gastlessen", "amount": "1500",
        "given_on": "1-11-2026",
    }  # fmt: skip
    assert staff.post(path, data=form | {"key": str(new_id())}).status_code == 303
    assert staff.post(path, data=form | {"key": str(new_id()), "amount": "600"}).status_code == 303
    more = form | {"key": str(new_id()), "amount": "0,01"}
    refused = staff.post(path, data=more)
    assert refused.status_code == 422
    said = " ".join(refused.text.replace("\xa0", " ").split())
    assert "€ 2.100,01" in said
    assert "€ 2.100,00 per jaar" in said
    assert staff.post(path, data=more | {"given_on": "31-12-2025"}).status_code == 303  # another year
    above = staff.post(path, data=more | {"key": str(new_id()), "proven": "y"})
    assert above.status_code == 303
    paper = staff.get(f"{above.headers['Location']}/declaration.pdf").data
    assert "bonnetjes" in PdfReader(io.BytesIO(paper)).pages[0].extract_text()


@pytest.mark.parametrize(("year", "cents"), [(2021, 180_000), (2022, 180_000), (2023, 190_000), (2026, 210_000)])
def test_the_yearly_maximum_has_its_years(year: int, cents: int) -> None:
    assert most(year) == cents


def test_only_an_anbi_declares_a_waived_allowance(sign_in: SignIn) -> None:
    with writing():
        save_organisation(replace(DETAILS, anbi=False), actor=SYSTEM, now=now())
    form = FORM | {"method": "waived_allowance", "declared": "y", "description": "gastlessen"}
    refused = sign_in("finance").post(f"/gifts/new?supporter={person()}", data=form)
    assert (refused.status_code, gifts()) == (422, [])
    assert "ANBI" in refused.text


def test_an_erased_record_still_takes_money_and_says_what_it_is(sign_in: SignIn) -> None:
    client, anna = sign_in("finance"), person("Anna de Wit", email="anna@example.org")
    assert "Deze relatie is gewist" not in client.get(f"/gifts/new?supporter={anna}").text
    erasing.erase(anna, actor=SYSTEM, tell=False)
    shown = client.get(f"/supporters/{anna}").text
    for offer in ("Gift invoeren", "Overeenkomst opstellen", "Voer een papieren machtiging in"):
        assert offer not in shown, offer
    assert "Deze relatie is gewist" in shown
    path = f"/gifts/new?supporter={anna}"
    page = client.get(path).text
    assert "Deze relatie is gewist" in page
    assert re.search(r'<option[^>]*selected[^>]*value="none"|value="none"[^>]*selected|selected value="none"', page)
    assert client.post(path, data=FORM | {"thanks": "letter"}).status_code == 303
    assert [g.amount_cents for g in gifts()] == [10000]
    assert (count_waiting(), db.session.execute(select(func.count()).select_from(Message)).scalar()) == (0, 0)


def test_the_line_of_rj_650_follows_who_gives_unless_chosen(sign_in: SignIn, app: Flask) -> None:
    client = sign_in("finance")
    city = organisation("Gemeente Voorbeeld", Role.GOVERNMENT)
    client.post(f"/gifts/new?supporter={city}", data=FORM)
    client.post(f"/gifts/new?supporter={city}", data=FORM | {"amount": "200", "rj_line": "lotteries"})
    assert [g.rj_line for g in gifts()] == [RjLine.GOVERNMENT, RjLine.LOTTERIES]
    client.post("/gifts/new", data=FORM | {"amount": "300", "donor_kind": "organisation", "last_name": "Bakker BV"})
    assert gifts()[2].rj_line is RjLine.COMPANIES
    assert db.session.get_one(Supporter, gifts()[2].supporter_id).kind is Kind.ORGANISATION


@pytest.mark.parametrize(
    ("chosen", "email", "mails", "letters"),
    [("mail", "a@example.org", 1, 0), ("mail", "", 0, 1), ("letter", "a@example.org", 0, 1), ("none", "a@e.nl", 0, 0)],
)
def test_thanks_go_as_chosen(sign_in: SignIn, app: Flask, chosen: str, email: str, mails: int, letters: int) -> None:
    client, donor = sign_in("finance"), person("Anna de Wit", email=email)
    client.post(f"/gifts/new?supporter={donor}", data=FORM | {"thanks": chosen})
    assert (db.session.execute(select(func.count()).select_from(Message)).scalar(), count_waiting()) == (mails, letters)


def test_the_donor_is_looked_for_before_one_is_made(sign_in: SignIn, app: Flask) -> None:
    donor = person("Anna de Wit", email="anna@example.org")
    assert f"/gifts/new?supporter={donor}" in sign_in("finance").get("/gifts/new?q=wit").text


def test_a_form_sent_twice_makes_one_donor_and_one_gift(sign_in: SignIn, app: Flask) -> None:
    client = sign_in("finance")
    form = FORM | {"key": key_in(client, "/gifts/new"), "last_name": "Vis"}
    assert [client.post("/gifts/new", data=form).status_code for _ in range(2)] == [303, 303]
    assert len(gifts()) == 1
    assert db.session.execute(select(func.count()).select_from(Supporter)).scalar() == 1


def test_another_purpose_is_reversed_and_booked_anew(sign_in: SignIn, watch: int) -> None:
    client, gift_id = sign_in("finance"), paid_gift(2500)
    client.post(f"/gifts/{gift_id}/refund", data={"key": "77", "amount": "5", "reason": "Te veel"})
    form = {"programme_id": str(watch), "campaign_id": "", "reason": "Donateur belde", "booked_on": "23-11-2026"}
    assert client.post(f"/gifts/{gift_id}/earmark", data=form).status_code == 303
    assert client.post(f"/gifts/{gift_id}/earmark", data=form).status_code == 303  # for this already
    books()
    assert income() == {watch: 2000}
    assert balances()["1290"].cents == 2000
    assert db.session.execute(select(GiftEarmark.reason)).scalars().all() == ["Donateur belde"]
    assert "Donateur belde" in client.get(f"/gifts/{gift_id}").text
    client.post(f"/gifts/{gift_id}/earmark", data=form | {"programme_id": "", "reason": "Toch niet"})
    client.post(f"/gifts/{gift_id}/refund", data={"key": "78", "amount": "20", "reason": "Rest"})
    books()
    assert income() == {}


def test_a_closed_month_stays_as_it_is(sign_in: SignIn, watch: int) -> None:
    client, donor = sign_in("finance"), person("Anna de Wit")
    answer = client.post(f"/gifts/new?supporter={donor}", data=FORM | {"given_on": "10-10-2026", "method": "cash"})
    gift_id = answer.location.rsplit("/", 1)[1]
    with writing() as session:
        session.add(FiscalPeriod(month=date(2026, 10, 1), state=PeriodState.CLOSED))
    typed = FORM | {"given_on": "11-10-2026", "method": "cash", "description": "Kerkbus"}
    answer = client.post(f"/gifts/new?supporter={donor}", data=typed)
    assert (answer.status_code, "De periode 10-2026 is afgesloten" in answer.text) == (422, True)
    assert "Kerkbus" in answer.text, "what was typed is still there"
    form = {"programme_id": str(watch), "campaign_id": "", "reason": "Gesprek", "booked_on": "31-10-2026"}
    assert client.post(f"/gifts/{gift_id}/earmark", data=form).status_code == 422
    assert income() == {None: 10000}
    assert client.post(f"/gifts/{gift_id}/earmark", data=form | {"booked_on": "9-10-2026"}).status_code == 422
    assert client.post(f"/gifts/{gift_id}/earmark", data=form | {"booked_on": "1-11-2026"}).status_code == 303
    books()
    assert income() == {watch: 10000}
    client.post(f"/gifts/{gift_id}/undo")
    books()
    assert income() == {}
    assert balances()["1000"].cents == 0


def test_a_legacy_is_booked_as_it_comes_in(sign_in: SignIn, watch: int) -> None:
    client, donor = sign_in("finance"), person("Anna de Wit")
    form = {"expected": "5000", "expected_on": "", "programme_id": str(watch), "notary": "Voorbeeld 2026/7"}
    legacy = client.post(f"/gifts/legacies/new?supporter={donor}", data=form).location
    legacy_id = legacy.rsplit("/", 1)[1]
    assert income() == {}
    assert client.post(f"/gifts/new?supporter={donor}&legacy={legacy_id}", data=FORM | {"thanks": "none"}).location
    assert income() == {None: 10000}
    assert "€\u00a04.900,00" in client.get(legacy).text
    client.post(f"{legacy}/closed")
    assert client.post(f"{legacy}/dropped").status_code == 409


def begin(client: Client, total: str = "75,50", count: str = "2") -> str:
    form = {"name": "Afschrift 117", "control": total, "count": count, "method": "cash", "given_on": "22-11-2026",
            "programme_id": "", "campaign_id": "", "source": "event", "thanks": "letter"}  # fmt: skip
    return str(client.post("/gifts/batches/new", data=form).location)


def row(client: Client, batch: str, donor: str, amount: str, **more: str) -> int:
    form = {"key": key_in(client, batch), "donor": donor, "amount": amount, "given_on": "22-11-2026"}
    data = form | {"programme_id": ""} | more
    answers = [client.post(batch, data=data).status_code for _ in range(2)]  # an impatient double click
    assert answers[0] == answers[1]
    return answers[0]


def test_a_batch_is_booked_when_total_and_count_agree_and_undone_whole(sign_in: SignIn, app: Flask) -> None:
    client = sign_in("finance")
    person("Anna de Wit", email="anna@example.org")
    batch = begin(client)
    assert row(client, batch, "anna@example.org", "50,50") == 303
    assert client.post(f"{batch}/post").status_code == 409
    assert row(client, batch, "Bert Nieuw", "25") == 422  # nobody is known by this
    assert "50,50" in client.get(batch).text, "rows stay"
    assert row(client, batch, "Bert Nieuw", "24", pick="new") == 303
    assert client.post(f"{batch}/post").status_code == 409, "a euro short"
    row_id = re.findall(rf"{batch}\?row=(\d+)", client.get(batch).text)[-1]
    changed = {"key": row_id, "donor": "Bert Nieuw", "amount": "25", "given_on": "22-11-2026", "programme_id": ""}
    assert client.post(batch, data=changed).status_code == 303
    assert gifts() == []
    assert [client.post(f"{batch}/post").status_code for _ in range(2)] == [303, 409]
    assert [(g.amount_cents, g.source) for g in gifts()] == [(2500, "event"), (5050, "event")]
    assert (balances()["1000"].cents, count_waiting()) == (7550, 2)
    assert client.post(batch, data=changed | {"amount": "1"}).status_code == 409
    assert [client.post(f"{batch}/undo").status_code for _ in range(2)] == [303, 409]
    assert {g.state for g in gifts()} == {GiftState.CANCELED}
    assert balances()["1000"].cents == 0


def test_a_batch_of_which_money_went_back_is_not_undone(sign_in: SignIn, app: Flask) -> None:
    client = sign_in("finance")
    batch = begin(client, "10", "1")
    assert row(client, batch, "Nobody", "10", pick="9" * 19) == 422
    row(client, batch, "Bert Nieuw", "10", pick="new")
    client.post(f"{batch}/post")
    form = {"key": "7", "amount": "4", "reason": "Vergissing", "refunded_on": "23-11-2026"}
    assert client.post(f"/gifts/{gifts()[0].id}/refund", data=form).status_code == 303
    assert client.post(f"{batch}/undo").status_code == 409
    assert db.session.execute(select(GiftBatch.state)).scalar() is BatchState.POSTED
    books()
