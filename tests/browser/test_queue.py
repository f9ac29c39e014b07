"""The queue of payments by keyboard, in Chromium: every key of it, and what came of each; looked at on a phone too."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import select

from app.banking import imports
from app.banking.match_models import BankMatch, MatchKind
from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.gifts.models import Gift
from app.supporters.contacts import add_iban
from app.supporters.models import Supporter
from app.ui.permissions import Role
from tests.banking.files import Pay, camt
from tests.browser.conftest import Server
from tests.browser.test_crawl import Complaints, sign_in
from tests.factories.organisation import make_organisation
from tests.factories.supporters import person

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.timeout(300)]


@pytest.fixture
def queue(live_server: Server) -> Server:
    """Six payments: of somebody known, of a stranger, for two people, of a shop, and two of nobody knows whom."""
    pays = [
        Pay(2500, "R1", name="J. Jansen", on="2026-11-11"),
        Pay(700, "R2", name="HR K NIEUW", iban="NL20INGB0001234567", on="2026-11-12"),
        Pay(1000, "R3", name="A. van den Berg", iban="NL02ABNA0123456789", on="2026-11-13"),
        Pay(-450, "R4", name="Bank", iban="NL18RABO0123459876", on="2026-11-14"),
        Pay(99, "R5", iban="", name="", on="2026-11-15"),
        Pay(98, "R6", iban="", name="", on="2026-11-16"),
    ]
    with live_server.app.app_context():
        make_organisation()
        known = person("Jan Jansen", email="jan@example.org")
        for name in ("Aafke van den Berg", "Anna van den Berg", "Berta van den Berg"):
            person(name)
        with writing():
            add_iban(known, "NL44RABO0123456789", "", source="test", actor=SYSTEM, now=now())
        imports.take(io.BytesIO(camt(pays)), "x.xml", actor=SYSTEM, now=now())
    return live_server


def key(page: Any, letter: str) -> None:
    with page.expect_navigation():
        page.keyboard.press(letter)


def amount(page: Any) -> str:
    return str(page.locator("h1").inner_text()).replace("\xa0", " ").split(" van ")[0]


def test_a_queue_is_done_by_keyboard(queue: Server, page: Any) -> None:
    complaints = Complaints(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    sign_in(page, queue, Role.FINANCE)
    page.goto(f"{queue.url}/bank/review")
    key(page, "a")
    assert amount(page) == "€ 25,00"
    key(page, "j")
    assert amount(page) == "€ 7,00"
    key(page, "k")  # passed over, nothing decided
    assert amount(page) == "€ 25,00"
    key(page, "a")  # books the first proposal, and on
    assert amount(page) == "€ 7,00"
    key(page, "k")
    assert amount(page) == "€ 25,00"
    key(page, "j")
    key(page, "m")  # of a new supporter, whose name and account the bank told
    assert amount(page) == "€ 10,00"
    page.keyboard.press("p")  # only a part
    page.keyboard.type("6,00")
    page.keyboard.press("Escape")
    page.locator("body").evaluate("document.activeElement.blur()")
    page.keyboard.press("o")  # of somebody else; there are three of this name
    page.keyboard.type("van den Berg")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("button[name=pick]", has_text="Berta van den Berg").count() == 1
    page.locator("input[name=donor]").fill("Anna van den Berg")  # Enter looks again: it chooses nobody shown
    page.locator("input[name=donor]").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "€ 4,00" in page.locator("main").inner_text().replace("\xa0", " ")
    key(page, "n")
    assert amount(page) == "-€ 4,50" or "4,50" in amount(page)
    key(page, "n")
    assert amount(page) == "€ 0,99"
    key(page, "s")
    assert amount(page) == "€ 0,98"
    key(page, "n")
    page.goto(f"{queue.url}/bank/review?state=suspense")
    page.locator("a.row-link").first.click()
    page.wait_for_load_state()
    key(page, "s")
    assert amount(page) == "€ 0,99"
    here = page.url
    key(page, "n")
    page.goto(here)
    page.keyboard.press("z")  # undoing asks first
    with page.expect_navigation():
        page.locator("details[open] button").click()
    page.set_viewport_size({"width": 390, "height": 800})
    page.keyboard.press("?")
    overlay = page.locator("details[open] .confirm-box")
    assert overlay.is_visible()
    box = overlay.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.keyboard.press("Escape")
    assert not overlay.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert [each for each in complaints.found if "422" not in each] == []  # it asked which of three
    with queue.app.app_context():
        made = dict(db.session.execute(select(Supporter.display_name, Gift.amount_cents).join(Gift)).all())
        assert made == {"Jan Jansen": 2500, "K. Nieuw": 700, "Anna van den Berg": 600}
        standing = select(BankMatch.kind).where(BankMatch.undone_at.is_(None)).order_by(BankMatch.cents)
        kinds = list(db.session.execute(standing).scalars())
        assert kinds == [MatchKind.NOT_OURS] * 3 + [MatchKind.GIFT] * 3
