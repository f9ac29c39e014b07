"""The donor's own page in Chromium: in by the link in a mail, change, pause, skip and stop in two clicks, papers; and
from the mail about a failed collection to "pay now"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app.extensions import db
from app.gifts.models import Gift
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState
from tests.browser.donors import (
    DESKTOP,
    PHONE,
    WHO,
    Shop,
    at_mollie,
    choose,
    count,
    fill,
    look,
    on,
    open_shop,
    send,
    tells,
    words,
)
from tests.portal.test_repair import failed
from tests.support.databases import Databases
from tests.support.mails import links_mailed, mails

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def shop(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(databases, tmp_path_factory.mktemp("shop")) as shop:
        yield shop


def mailed(shop: Shop, path: str) -> str:
    with shop.app.app_context():
        return shop.url + links_mailed(path)[-1]


def state(shop: Shop) -> CommitmentState:
    with shop.app.app_context():
        return db.session.scalars(select(Commitment.state).order_by(Commitment.id.desc()).limit(1)).one()


def pdf(page: Any, name: str) -> None:
    with page.expect_download() as taken:
        page.get_by_role("button", name=name).first.click()
    with open(taken.value.path(), "rb") as file:
        assert file.read(5) == b"%PDF-"


def test_mijn_giften_from_the_link_to_stopping(shop: Shop, page: Any) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{shop.url}/steun-ons")
    choose(page, "Elke maand")
    on(page, "Uw gegevens")
    fill(page, **WHO)
    on(page, "Betalen")
    send(page, "Geef € 25,00 per maand")
    at_mollie(page, "paid")

    page.get_by_role("link", name="Dat kunt u zelf bij Mijn giften").click()
    page.wait_for_url("**/mijn-giften")
    tells(page, 'heading "Mijn giften"', 'button "Stuur mij de link"')
    fill(page, email="anna")
    send(page, "Stuur mij de link")
    tells(page, 'alert "" focused live=assertive', 'link "E-mailadres"')
    assert page.input_value("[name=email]") == "anna"
    look(page)
    fill(page, email=WHO["email"])
    send(page, "Stuur mij de link")
    look(page)
    page.goto(mailed(shop, "/mijn-giften/open/"))
    look(page, "dark")
    send(page, "Open Mijn giften")
    look(page)
    tells(page, 'heading "Mijn giften"', 'heading "Uw vaste gift"', 'link "Wijzigen of pauzeren"', 'link "Stop"')
    assert "€ 25,00 per maand Loopt" in words(page)
    pdf(page, "Bewijs")
    pdf(page, "Overzicht van 2026")

    page.get_by_role("link", name="Wijzigen of pauzeren").click()
    page.wait_for_url("**/vast/*")
    look(page, "dark")
    fill(page, amount="3o")
    send(page, "Wijzig het bedrag")
    tells(page, 'alert "" focused live=assertive', 'link "Nieuw bedrag"')
    assert page.input_value("[name=amount]") == "3o"
    look(page)
    fill(page, amount="30")
    send(page, "Wijzig het bedrag")
    assert "23 december 2026" in page.get_by_role("status").inner_text()
    send(page, "Sla één keer over")
    assert "25 januari 2027" in page.get_by_role("status").inner_text(), "a Saturday moves to Monday"
    fill(page, until="01-03-2027")
    send(page, "Pauzeer")
    assert "Gepauzeerd" in words(page)
    look(page)
    send(page, "Laat de gift verdergaan")
    page.goto(f"{shop.url}/mijn-giften")
    send_link(page, "Stop")
    look(page)
    assert state(shop) is CommitmentState.ACTIVE
    send(page, "Stop deze gift")
    assert state(shop) is CommitmentState.ENDED
    assert "Gestopt" in words(page)
    look(page, "dark")
    send(page, "Uitloggen")
    page.go_back()
    assert "25,00" not in words(page), "after signing out the back button shows nothing"


def send_link(page: Any, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=True).click()


def test_from_the_mail_about_a_failed_collection_to_paying_now(shop: Shop, page: Any) -> None:
    page.set_viewport_size(DESKTOP)
    gifts = count(shop, Gift)
    with shop.app.app_context():
        failed(shop.clock)
        text = next(m.rendered.text for m in mails() if "/mijn-giften/herstel/" in m.rendered.text)
    assert "opgeheven" in text, "the mail says why in plain words"
    link = mailed(shop, "/mijn-giften/herstel/")
    page.goto(link)
    tells(page, 'heading "Breng uw gift in orde"', 'group "Hoe wilt u betalen?"', 'button "Betaal € 15,00"')
    look(page)
    send(page, "Betaal")
    tells(page, 'alert "" focused live=assertive')
    look(page, "dark")
    choose(page, "iDEAL | Wero")
    send(page, "Betaal € 15,00")
    with page.expect_navigation(url=re.compile("/mijn-giften/betaling/")):
        page.get_by_role("button", name="paid").click()
    tells(page, 'heading "Het is in orde"')
    assert "15 januari 2027" in words(page)
    look(page)
    assert (state(shop), count(shop, Gift)) == (CommitmentState.ACTIVE, gifts + 1)
    page.goto(link)
    assert page.locator("h1").inner_text() != "Breng uw gift in orde", "the link ends with the task"
