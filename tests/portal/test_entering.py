"""Mijn giften opens by a link from the known mailbox: once, for one donor, and tells nobody who is known."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.jobs.services import run_due
from app.letters.statements import runs, telling
from app.portal.models import DonorSession
from app.supporters import contacts, interactions
from app.supporters.drafts import AddressDraft
from app.supporters.interaction_models import InteractionKind
from tests.conftest import SettableClock
from tests.factories.gifts import paid_gift
from tests.factories.periodic import agreement
from tests.factories.supporters import person
from tests.letters.statements.test_statements import text_of as pdf_text
from tests.portal.conftest import Enter, ask, counted, text_of
from tests.support.client import Client
from tests.support.mails import mails

JAN = "jan@example.nl"


def fresh(app: Flask) -> Client:
    app.test_client_class = Client
    return app.test_client()  # type: ignore[return-value]


def test_the_answer_is_the_same_whether_or_not_an_address_is_known(client: Client, clock: SettableClock) -> None:
    person(email=JAN)
    client.post("/mijn-giften", data={"email": "warm@example.org"})
    clock.forward(seconds=1)
    answers, costs = [], []
    for address in (JAN, "nobody@example.org"):
        with counted() as statements:
            answer = client.post("/mijn-giften", data={"email": address})
        answers.append((answer.status_code, answer.data.replace(address.encode(), b""), answer.location))
        costs.append(len(statements))
        clock.forward(seconds=1)
    assert answers[0] == answers[1]
    assert costs[0] == costs[1], "as much work for the one as for the other"
    _warm, known, unknown = mails()
    assert "/mijn-giften/open/" in known.rendered.text
    assert "/mijn-giften/" not in unknown.rendered.text


def test_looking_at_a_link_uses_nothing_up_and_it_opens_once(app: Flask, client: Client) -> None:
    person(email=JAN)
    link = ask(client, JAN)
    for _ in range(2):
        assert client.head(link).status_code == 200
        assert "Berg" not in client.get(link).text, "nothing personal before it is used"
    answer = client.post(link)
    cookie = answer.headers["Set-Cookie"]
    assert "draagvlak_gever=" in cookie
    assert "HttpOnly" in cookie
    assert "Path=/mijn-giften" in cookie
    assert "Berg" in client.get("/mijn-giften").text
    back = client.get(link)  # the back button, or a second tab
    assert back.status_code == 404
    assert "nog ingelogd" in back.text, "the way to one's own page is shown"
    stranger = fresh(app)
    again = stranger.post(link)
    assert again.status_code == 404
    assert "werkt niet meer" in again.text
    assert "nog ingelogd" not in again.text
    assert "Berg" not in stranger.get("/mijn-giften").text
    assert db.session.scalar(select(func.count()).select_from(DonorSession)) == 1


def test_of_many_at_once_one_enters(app: Flask, client: Client) -> None:
    person(email=JAN)
    link, answers = ask(client, JAN), []

    def post() -> None:
        answers.append(fresh(app).post(link).status_code)

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303] + [404] * 7


def _wait(clock: SettableClock, who: int) -> None:
    clock.forward(minutes=16)


def _ask_again(clock: SettableClock, who: int) -> None:
    with writing():
        contacts.add_email(who, "new@example.nl", actor=SYSTEM, now=now())


@pytest.mark.parametrize("happened", [_wait, _ask_again], ids=["expired", "another mailbox"])
def test_an_old_link_says_what_to_do(
    client: Client, clock: SettableClock, happened: Callable[[SettableClock, int], None]
) -> None:
    who = person(email=JAN)
    link = ask(client, JAN)
    happened(clock, who)
    for answer in (client.get(link), client.post(link)):
        assert answer.status_code == 404
        assert "Stuur mij de link" in answer.text


@pytest.mark.parametrize("token", ["x", "a" * 27, "%27 OR 1=1"])
def test_guessing_ends_soon(client: Client, token: str) -> None:
    statuses = [client.get(f"/mijn-giften/open/{token}", check=False).status_code for _ in range(22)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


def test_too_many_askings(client: Client) -> None:
    person(email=JAN)
    answers = [client.post("/mijn-giften", data={"email": JAN}) for _ in range(11)]
    assert [a.status_code for a in answers] == [303] * 10 + [429]
    assert JAN in answers[-1].text, "what was typed is kept"
    assert len(mails()) == 5, "a mailbox is not filled by whoever likes to"


def test_a_stranger_does_not_keep_a_donor_out_by_asking_for_their_links(client: Client) -> None:
    person(email=JAN)
    for number in range(40):
        client.post("/mijn-giften", data={"email": JAN}, environ_overrides={"REMOTE_ADDR": f"203.0.113.{number % 8}"})
        if number == 7:
            client.post("/mijn-giften", data={"email": JAN})
            assert len(mails()) == 9
    assert len(mails()) == 30, "nor fills the mailbox"


def test_what_is_no_address_is_said_beside_it(client: Client) -> None:
    answer = client.post("/en/my-gifts", data={"email": "jan@"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'lang="en"' in answer.text


def test_a_session_ends(enter: Enter, app: Flask, clock: SettableClock) -> None:
    who = person(email=JAN)

    def is_in(visitor: Client) -> bool:
        return "Uitloggen" in visitor.get("/mijn-giften").text

    visitor = enter(JAN)
    clock.forward(minutes=29)
    assert is_in(visitor)
    clock.forward(minutes=31)
    assert not is_in(visitor), "idle"
    visitor = enter(JAN)
    for _ in range(9):
        clock.forward(minutes=28)
        visitor.get("/mijn-giften")
    assert not is_in(visitor), "four hours"
    visitor, second = enter(JAN), enter(JAN, fresh(app))
    assert visitor.post("/mijn-giften/uitloggen").status_code == 303
    assert (is_in(visitor), is_in(second)) == (False, True)
    visitor = enter(JAN)
    visitor.post("/mijn-giften/uitloggen", data={"everywhere": "1"})
    assert not is_in(second)
    visitor = enter(JAN)
    with writing():
        contacts.add_email(who, "new@example.nl", actor=SYSTEM, now=now())
    assert not is_in(visitor), "the mailbox is no longer theirs"


def test_nothing_is_kept_or_told(enter: Enter) -> None:
    person(email=JAN)
    for path in ("/mijn-giften", "/mijn-giften/verstuurd", "/en/my-gifts", "/mijn-giften/open/x"):
        answer = enter(JAN).get(path) if path == "/mijn-giften" else enter(JAN).get(path, check=False)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["Referrer-Policy"] == "no-referrer", path
        assert "noindex" in answer.headers["X-Robots-Tag"], path


def test_a_couple_with_one_mailbox_gets_a_link_each(client: Client) -> None:
    person("Anna de Vries", email=JAN)
    person("Jan de Vries", email=JAN)
    ask(client, JAN)
    (mail,) = mails()
    assert mail.rendered.text.count("/mijn-giften/open/") == 2
    assert "Anna de Vries" in mail.rendered.text


def test_staff_and_donors_do_not_share_a_session(enter: Enter, sign_in: Callable[[str], Client]) -> None:
    person(email=JAN)
    visitor = enter(JAN)
    assert visitor.get("/supporters").status_code == 302
    staff = sign_in("admin")
    assert "Uitloggen" in staff.get("/mijn-giften").text
    staff.post("/mijn-giften/uitloggen")
    assert staff.get("/supporters").status_code == 200


def test_gifts_are_shown_as_they_are_with_their_papers(enter: Enter, client: Client) -> None:
    gift = paid_gift(2500)
    visitor = enter("anna@example.org")
    page = text_of(visitor.get("/mijn-giften").text)
    assert "€ 25,00 Ontvangen" in page
    receipt = visitor.post(f"/mijn-giften/bewijs/{gift}")
    assert receipt.data.startswith(b"%PDF")
    assert receipt.headers["Cache-Control"] == "no-store"
    form = {"start": "01-01-2026", "end": "31-12-2026"}
    paper = visitor.post("/mijn-giften/overzicht", data=form)
    assert paper.data.startswith(b"%PDF")
    assert "2026.pdf" in paper.headers["Content-Disposition"]
    wrong = visitor.post("/mijn-giften/overzicht", data=form | {"start": "32-01-2026"})
    assert wrong.status_code == 422
    assert "32-01-2026" in wrong.text
    backwards = visitor.post("/mijn-giften/overzicht", data={"start": "02-01-2026", "end": "01-01-2026"})
    assert "vóór de eerste" in backwards.text


def test_the_statement_that_we_made_and_mailed_of_is_no_copy_the_first_time(enter: Enter) -> None:
    paid_gift(2500)
    with writing():
        run_id = runs.begin(2026, copies=False, actor=SYSTEM, now=now())
    while runs.advance(run_id):
        pass
    with writing():
        telling.tell(run_id, actor=SYSTEM, now=now())
    run_due()
    visitor = enter("anna@example.org")
    form = {"start": "01-01-2026", "end": "31-12-2026"}
    first, second = (pdf_text(visitor.post("/mijn-giften/overzicht", data=form).data) for _ in range(2))
    assert ("Kopie" in first, "Kopie" in second) == (False, True)


def test_another_donors_gift_is_not_there(enter: Enter) -> None:
    gift = paid_gift(2500)
    person(email=JAN)
    assert enter(JAN).post(f"/mijn-giften/bewijs/{gift}").status_code == 404


@pytest.mark.parametrize("path", ["/mijn-giften/overzicht", "/mijn-giften/bewijs/1", "/mijn-giften/uitloggen"])
def test_nothing_without_a_session(client: Client, path: str) -> None:
    answer = client.post(path)
    assert answer.status_code == 303
    assert answer.location == "/mijn-giften?over=1"


def test_own_data_is_read_on_a_page(enter: Enter) -> None:
    jan = person("Jan Wit", email=JAN)
    with writing():
        contacts.add_iban(jan, "NL44RABO0123456789", "J. Wit", source="bank", actor=SYSTEM, now=now())
        contacts.add_address(jan, AddressDraft(street="Kade", place="Utrecht"), actor=SYSTEM, now=now())
    paid_gift(1250, email=JAN, first_name="Jan", last_name="Wit")
    agreement(jan, partner_last_name="Smit", partner_country="BE")
    said = text_of(enter(JAN).post("/mijn-giften/gegevens/leesbaar").text)
    for words in ("Jan Wit", "NL44RABO0123456789", "€ 12,50", "Bedrag", "ontvangen", "Betaalwijze iDEAL",
                  "Land Nederland", "Land partner België", "Taal Nederlands"):  # fmt: skip
        assert words.casefold() in said.casefold(), words
    assert "sealed" not in said
    assert "supporter" not in said


def test_own_data_is_taken_along_without_notes_of_staff(enter: Enter) -> None:
    supporter_id = person("Jan Jansen", email=JAN)
    with writing():
        interactions.add(
            supporter_id, InteractionKind.NOTE, subject="Gebeld", body="over zijn zus", actor=SYSTEM, now=now()
        )
    answer = enter(JAN).post("/mijn-giften/gegevens/json")
    assert answer.mimetype == "application/json"
    told = json.loads(answer.data)["data"]
    assert told["E-mailadressen"][0]["address"] == JAN
    assert "zus" not in answer.text
