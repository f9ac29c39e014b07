from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from app.extensions import db, limits
from app.giving import page
from app.giving.places import Place
from app.giving.tokens import make_form_token
from app.payments.models import Checkout
from app.payments.states import Sequence
from tests.conftest import SettableClock
from tests.factories.organisation import make_programme
from tests.giving.conftest import FILLED, Give, token_in
from tests.support.client import Client


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*args: Any) -> None:
        seen.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def _checkouts() -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(Checkout)).scalar_one())


def _error_of(text: str, field: str) -> str:
    """The message that stands beside a field and is tied to it."""
    found = re.search(rf'id="{field}-error">.*?<span>(.*?)</span>', text, re.DOTALL)
    assert found is not None, f"nothing beside {field}"
    return unescape(found[1])


def _value_of(text: str, field: str) -> str:
    tag = re.search(rf'<input[^>]*name="{field}"[^>]*>', text)
    assert tag is not None
    value = re.search(r'value="([^"]*)"', tag[0])
    return unescape(value[1]) if value else ""


def test_the_page_is_the_same_for_everybody_but_for_its_token(client: Client) -> None:
    first, second = client.get("/steun-ons"), client.get("/steun-ons")
    assert token_in(first.text) != token_in(second.text)
    assert first.text.replace(token_in(first.text), "") == second.text.replace(token_in(second.text), "")


def test_opening_it_sets_no_cookie_and_asks_the_database_nothing(client: Client) -> None:
    client.get("/steun-ons")
    with statements() as seen:
        answer = client.get("/steun-ons")
    assert seen == []
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_nothing_of_the_first_visitor_is_kept_for_the_next(client: Client) -> None:
    client.sign_in("admin")
    with client.session_transaction() as session:
        session["_flashes"] = [("ok", "for the administrator alone")]
    client.set_cookie("language", "en")
    client.set_cookie("theme", "dark")
    text = client.get("/steun-ons").text
    assert "for the administrator alone" not in text
    assert 'lang="nl"' in text
    assert 'data-theme="auto"' in text


def test_it_names_who_receives_the_money_in_both_languages(client: Client) -> None:
    for path, words in (("/steun-ons", "Wie uw gift ontvangt"), ("/en/support-us", "Who receives your gift")):
        text = client.get(path).text
        for part in (words, "Stichting Voorbeeld Nederland", "123456782", "ANBI", "NL91 ABNA 0417 1643 00", "SVN gift"):
            assert part in text


def test_ways_to_pay_and_examples_are_in_the_language_of_the_page(client: Client) -> None:
    dutch, english = (" ".join(client.get(path).text.split()) for path in ("/steun-ons", "/en/support-us"))
    assert ">Creditcard<" in dutch
    assert ">Credit card<" in english
    assert "25 of 12,50" in dutch
    assert "25 or 12.50" in english


def test_the_page_weighs_less_than_60_kb_with_all_it_loads(client: Client) -> None:
    text = client.get("/steun-ons").text
    weight = len(gzip.compress(text.encode()))
    loaded = re.findall(r'(?:href|src)="(/static/[^"]+)"', text)
    assert loaded
    for path in loaded:
        with client.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
            weight += len(answer.data)
    assert weight < 60_000


def test_a_new_programme_shows_once_the_kept_page_is_old(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Opvang" not in client.get("/steun-ons").text
    make_programme("opvang")
    monkeypatch.setattr(page, "KEEP_SECONDS", -1.0)
    client.application.extensions["giving.pages"].kept[Place("nl")].until = 0.0
    assert "Opvang" in client.get("/steun-ons").text


def test_a_gift_goes_on_to_the_provider(give: Give) -> None:
    answer = give(amount="other", other_amount="25,50", programme="watch")
    assert answer.status_code == 303
    checkout = db.session.execute(select(Checkout)).scalar_one()
    assert answer.location == f"/demo-bank/{checkout.id}"
    assert checkout.amount_cents == 2550
    assert checkout.programme_id is not None
    assert checkout.details is not None
    assert b"anna@example.org" not in checkout.details


def test_sending_costs_a_handful_of_statements(client: Client, give: Give) -> None:
    give()
    token = token_in(client.get("/steun-ons").text)
    with statements() as seen:
        assert give(token=token).status_code == 303
    own = [s for s in seen if not s.startswith(("PRAGMA", "BEGIN"))]
    assert len(own) <= 4, own
    assert len([s for s in own if s.startswith("INSERT")]) == 1


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("other_amount", {"amount": "other", "other_amount": "1.234"}),
        ("other_amount", {"amount": "other", "other_amount": "1,234"}),
        ("other_amount", {"amount": "other", "other_amount": "-5"}),
        ("other_amount", {"amount": "other", "other_amount": "0"}),
        ("other_amount", {"amount": "other", "other_amount": "0,50"}),
        ("other_amount", {"amount": "other", "other_amount": "50000,01"}),
        ("other_amount", {"amount": "other", "other_amount": "9" * 30}),
        ("other_amount", {"amount": "other", "other_amount": "9" * 41}),
        ("other_amount", {"amount": "other", "other_amount": "1e3"}),
        ("other_amount", {"amount": "other", "other_amount": "vijf"}),
        ("other_amount", {"amount": "other", "other_amount": "25 50"}),
        ("other_amount", {"amount": "other", "other_amount": "25, 50"}),
        ("other_amount", {"amount": "other", "other_amount": "1.2 34"}),
        ("other_amount", {"amount": "other", "other_amount": "25\x00"}),
        ("other_amount", {"amount": "other", "other_amount": "٢٥"}),
        ("other_amount", {"amount": "other", "other_amount": ""}),
        ("amount", {"amount": None}),
        ("amount", {"amount": "-25"}),
        ("amount", {"amount": "25", "other_amount": "40"}),
        ("first_name", {"first_name": ""}),
        ("first_name", {"first_name": "x" * 61}),
        ("first_name", {"first_name": "An\x07na"}),
        ("first_name", {"first_name": "Win www.evil.example"}),
        ("first_name", {"first_name": "\u202eannA"}),
        ("first_name", {"first_name": "An\u2028na"}),
        ("first_name", {"first_name": "An\u200bna"}),
        ("first_name", {"first_name": "Win geld op evil.com"}),
        ("last_name", {"last_name": "bit.ly/abc"}),
        ("last_name", {"last_name": "evil.example/win"}),
        ("infix", {"infix": "van" * 10}),
        ("last_name", {"last_name": "   "}),
        ("last_name", {"last_name": "https://evil.example"}),
        ("email", {"email": ""}),
        ("email", {"email": "anna"}),
        ("email", {"email": "anna@"}),
        ("email", {"email": "anna@example"}),
        ("email", {"email": "a@b@example.org"}),
        ("email", {"email": "anna@example.org\r\nBcc: x@example.org"}),
        ("email", {"email": "a" * 65 + "@example.org"}),
        ("method", {"method": None}),
        ("method", {"method": "forged"}),
        ("programme", {"programme": "forged"}),
        ("newsletter", {"newsletter": "forged"}),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_all_is_kept(
    give: Give, field: str, changes: dict[str, str | None]
) -> None:
    answer = give(**changes)
    assert answer.status_code == 422
    assert _error_of(answer.text, field)
    assert f'href="#{field}"' in answer.text
    for name in ("first_name", "infix", "last_name", "email", "other_amount"):
        if name != field:
            assert _value_of(answer.text, name) == (FILLED | changes)[name]
    assert _checkouts() == 0


@pytest.mark.parametrize(
    ("first", "last"),
    [("J.P.", "Bakker"), ("J.Th.M.", "St. John-Smith"), ("Zoë 😀", "d'Arc"), ("فاطمه\u200cزهرا", "Nl")],
)
def test_names_as_people_write_them_are_taken(give: Give, first: str, last: str) -> None:
    assert give(first_name=first, last_name=last).status_code == 303


@pytest.mark.parametrize(
    ("typed", "cents"), [("25,50", 2550), (" € 25,50 ", 2550), ("1 234", 123400), ("1 234,5", 123450), ("25 ,-", None)]
)
def test_a_space_groups_thousands_and_nothing_else(give: Give, typed: str, cents: int | None) -> None:
    answer = give(amount="other", other_amount=typed)
    assert answer.status_code == (422 if cents is None else 303)
    assert list(db.session.execute(select(Checkout.amount_cents)).scalars()) == ([] if cents is None else [cents])


@pytest.mark.parametrize("frequency", ["monthly", "quarterly", "yearly"])
def test_a_recurring_gift_asks_the_provider_for_a_mandate(give: Give, frequency: str) -> None:
    assert give(frequency=frequency).status_code == 303
    assert db.session.execute(select(Checkout.sequence)).scalar_one() is Sequence.FIRST


def test_a_transfer_does_for_a_single_gift_only(give: Give) -> None:
    answer = give(frequency="monthly", method="bank_transfer")
    assert answer.status_code == 422
    assert "eenmalige gift" in _error_of(answer.text, "method")
    assert re.search(r'name="frequency" value="monthly" checked', answer.text), "the choice is kept"
    assert _checkouts() == 0


def test_what_can_only_be_paid_once_is_marked_so_that_it_hides_for_a_recurring_gift(client: Client) -> None:
    text = client.get("/steun-ons").text
    marked = re.findall(r'data-only="once"><input[^>]*value="([^"]*)"', text)
    assert marked == ["bank_transfer"]


@pytest.mark.parametrize("frequency", ["weekly", "<b>"])
def test_a_frequency_that_is_not_offered_is_refused(give: Give, frequency: str) -> None:
    assert give(frequency=frequency).status_code == 422
    assert _checkouts() == 0


def test_nobody_gives_again_and_again_without_having_said_so(client: Client, give: Give) -> None:
    assert re.search(r'name="frequency" value="once" checked', client.get("/steun-ons").text)
    give(frequency=None)
    assert db.session.execute(select(Checkout.sequence)).scalar_one() is Sequence.ONE_OFF


def test_an_ambiguous_amount_is_explained(give: Give) -> None:
    text = give(amount="other", other_amount="1.234").text
    assert _value_of(text, "other_amount") == "1.234"
    message = _error_of(text, "other_amount")
    assert "1234" in message
    assert "1,23" in message


def test_the_form_can_be_sent_after_it_was_put_right(client: Client, give: Give) -> None:
    wrong = give(email="anna")
    assert give(token=token_in(wrong.text)).status_code == 303
    assert _checkouts() == 1


def test_what_was_typed_is_shown_as_text(give: Give) -> None:
    answer = give(first_name='"><script>alert(1)</script>')
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert _value_of(answer.text, "first_name") == '"><script>alert(1)</script>'


def test_sending_twice_is_one_gift_and_the_same_answer(client: Client, give: Give) -> None:
    token = token_in(client.get("/steun-ons").text)
    first, second = give(token=token), give(token=token)
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert _checkouts() == 1


def test_the_same_page_with_another_amount_is_asked_about(client: Client, give: Give) -> None:
    token = token_in(client.get("/steun-ons").text)
    give(token=token)
    answer = give(token=token, amount="50")
    assert answer.status_code == 409
    assert _value_of(answer.text, "email") == "anna@example.org"
    assert re.search(r'value="50" checked', answer.text)
    assert _checkouts() == 1
    assert give(token=token_in(answer.text), amount="50").status_code == 303
    assert _checkouts() == 2


def test_a_page_left_open_for_days_keeps_what_was_typed(client: Client, give: Give, clock: SettableClock) -> None:
    token = token_in(client.get("/steun-ons").text)
    clock.forward(hours=25)
    answer = give(token=token)
    assert answer.status_code == 410
    assert _value_of(answer.text, "last_name") == "Berg"
    assert _checkouts() == 0
    assert give(token=token_in(answer.text)).status_code == 303


@pytest.mark.parametrize("token", ["", "forged", "x" * 5000, "é", "\x00"])
def test_a_forged_token_makes_no_checkout(give: Give, token: str) -> None:
    answer = give(token=token)
    assert answer.status_code == 400
    assert _value_of(answer.text, "email") == "anna@example.org"
    assert _checkouts() == 0


def test_a_token_of_another_installation_is_forged(give: Give, clock: SettableClock) -> None:
    assert give(token=make_form_token("another secret", 7, clock.now())).status_code == 400


def test_who_failed_too_often_waits_and_keeps_the_form(app: Flask, give: Give) -> None:
    from app.payments import services as payments

    key = payments.failure_key("127.0.0.1", "steun-ons").hex()
    for _attempt in range(5):
        limits.hit("payment failed", key, 5, 600)
    answer = give()
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    assert _value_of(answer.text, "email") == "anna@example.org"
    assert _checkouts() == 0
    assert give(method="bank_transfer").status_code == 303


def test_a_stranger_learns_nothing_about_who_gave_before(give: Give) -> None:
    first = give()
    again = give()
    other = give(email="nobody@example.org")
    assert first.status_code == again.status_code == other.status_code == 303


def test_giving_is_closed_until_there_is_an_organisation(app: Flask, client: Client) -> None:
    from app.organisation import queries

    app.extensions[queries._KEY] = (float("inf"), queries.Profile())
    assert "Online geven lukt op dit moment niet" in client.get("/steun-ons").text
    assert "<form" not in client.get("/steun-ons").text
    assert client.post("/steun-ons", data=FILLED, csrf=False).status_code == 503


@pytest.mark.databases("sqlite")
def test_a_database_that_cannot_be_written_keeps_the_form_and_stores_nothing(client: Client, give: Give) -> None:
    token = token_in(client.get("/steun-ons").text)
    db.session.remove()

    def read_only(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # What a full or read-only disk comes to.
        if statement.startswith("INSERT"):
            connection.connection.driver_connection.execute("PRAGMA query_only = ON")

    event.listen(db.engine, "before_cursor_execute", read_only)
    try:
        answer = give(token=token)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "60"
        assert _value_of(answer.text, "email") == "anna@example.org"
        assert token_in(answer.text) == token
    finally:
        event.remove(db.engine, "before_cursor_execute", read_only)
        db.session.remove()
        db.engine.dispose()
    assert _checkouts() == 0
    assert give(token=token).status_code == 303
    assert _checkouts() == 1
