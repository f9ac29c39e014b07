"""The donor's stories on Steun ons in Chromium, with Mollie behind it: on a phone and a desktop, by keyboard alone,
without script, in a frame on another site. Every state is looked at by axe and told to a screen reader."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from app.direct_debit.models import Mandate
from app.extensions import db
from app.gifts.models import Gift
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import CommitmentState, Frequency
from app.giving.campaign_views import snippet
from app.payments.models import Checkout
from tests.browser.conftest import free_port
from tests.browser.donors import (
    DESKTOP,
    PHONE,
    WHO,
    Shop,
    at_mollie,
    choose,
    count,
    fill,
    heard,
    look,
    on,
    open_shop,
    send,
    tells,
    words,
)
from tests.support.databases import Databases

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.timeout(300)]
OUTLINED = "e => getComputedStyle(e.type === 'radio' ? e.closest('label') : e).outlineStyle !== 'none'"
HERE = "(e => e.name || e.textContent.replaceAll('\\u00a0', ' '))(document.activeElement)"


@pytest.fixture(scope="module")
def shop(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(databases, tmp_path_factory.mktemp("shop"), f"http://localhost:{free_port()}") as shop:
        yield shop


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")], ids=["phone", "desktop"])
def test_once_with_ideal(shop: Shop, page: Any, size: dict[str, int], scheme: str) -> None:
    gifts = count(shop, Gift)
    page.set_viewport_size(size)
    page.goto(f"{shop.url}/steun-ons")
    tells(
        page, 'heading "Steun ons"', 'region "Uw gift"', 'radio "Eenmalig" checked', 'radio "Elke maand"',
        'group "Hoe vaak wilt u geven?" (Met een vaste gift kunnen we vooruit plannen. Eenmalig is net zo welkom.)',
        'group "Welk bedrag wilt u geven?"', 'radio "€ 25" checked', 'button "Volgende"',
        'combobox "Waar is het voor?"',
    )  # fmt: skip
    look(page, scheme)
    choose(page, "Ander bedrag")
    fill(page, other_amount="12,50")
    on(page, "Uw gegevens")
    tells(
        page, 'region "Uw gegevens"', 'group "Wie geeft er?"', 'radio "Ikzelf" checked', 'textbox "Voornaam" required',
        'textbox "Achternaam" required', 'button "Terug"',
        'textbox "E-mailadres" required (Hier sturen we de bevestiging naartoe.)',
    )  # fmt: skip
    fill(page, **WHO)
    look(page, scheme)
    on(page, "Betalen")
    tells(page, 'group "Hoe wilt u betalen?"', 'radio "iDEAL | Wero" checked', 'button "Geef € 12,50"')
    look(page, scheme)
    send(page, "Geef € 12,50")
    assert page.locator("h1").inner_text() == "12.50"
    at_mollie(page, "paid")
    tells(page, 'heading "Dank u wel voor uw gift"', 'heading "Wat er nu gebeurt"')
    look(page, scheme)
    assert count(shop, Gift) == gifts + 1


def test_every_month_through_mollie(shop: Shop, page: Any) -> None:
    page.set_viewport_size(DESKTOP)
    page.goto(f"{shop.url}/steun-ons")
    choose(page, "Elke maand")
    assert "8 weken" in page.locator("[data-again]").inner_text()
    on(page, "Uw gegevens")
    fill(page, **WHO)
    on(page, "Betalen")
    assert not page.get_by_role("radio", name="Zelf overmaken").is_visible()
    look(page)
    send(page, "Geef € 25,00 per maand")
    at_mollie(page, "paid")
    assert "Voortaan schrijven we elke maand € 25,00 af, de volgende keer op 23 december 2026" in words(page)
    look(page)
    with shop.app.app_context():
        row = db.session.scalars(select(Commitment).where(Commitment.frequency == Frequency.MONTHLY)).one()
        assert row.state is CommitmentState.ACTIVE


def test_every_quarter_by_mandate_after_a_mistake(shop: Shop, page: Any) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{shop.url}/steun-ons")
    choose(page, "Elk kwartaal", "€ 50")
    on(page, "Uw gegevens")
    fill(page, **WHO | {"email": "anna@voorbeeld"})
    on(page, "Betalen")
    choose(page, "Incasso")
    fill(page, iban="NL91 ABNA 0417 1643 01")
    page.select_option("[name=day]", "1")
    look(page)
    send(page, "Geef € 50,00 per kwartaal")
    tells(page, 'alert "" focused live=assertive', 'heading "3 dingen kloppen nog niet"')
    tells(page, 'link "E-mailadres"', 'link "IBAN"', 'link "Ik geef deze machtiging"')
    look(page)
    assert page.locator("[name=email]").is_visible(), "the step with the first mistake is open"
    page.get_by_role("link", name="IBAN").click()
    (permission,) = (line for line in heard(page) if line.startswith('checkbox "Ik geef deze machtiging" invalid'))
    assert "Zonder deze machtiging mogen we niets afschrijven." in permission
    assert page.evaluate("document.activeElement.name") == "iban"
    assert page.input_value("[name=iban]") == "NL91 ABNA 0417 1643 01"
    look(page, "dark")
    fill(page, iban="NL91 ABNA 0417 1643 00")
    page.get_by_label("Ik geef deze machtiging").check()
    page.get_by_role("button", name="Terug").click()
    fill(page, email="anna@voorbeeld.nl")
    on(page, "Betalen")
    send(page, "Geef € 50,00 per kwartaal")
    assert "4 januari 2027" in words(page), "the first working day from the 1st on that can be told in time"
    look(page)
    with shop.app.app_context():
        assert db.session.scalars(select(Commitment.frequency).join(Mandate)).all()[-1] is Frequency.QUARTERLY


def tab_to(page: Any, name: str) -> None:
    """Tab to this control; on the way every stop must show that it has the focus."""
    for _stop in range(40):
        page.keyboard.press("Tab")
        focused = page.locator(":focus-visible")
        assert focused.count() == 1, "the focus is lost or cannot be seen"
        assert focused.evaluate(OUTLINED), focused.evaluate("e => e.outerHTML")
        if page.evaluate(HERE) == name:
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_by_keyboard_alone(shop: Shop, page: Any) -> None:
    page.set_viewport_size(DESKTOP)
    page.goto(f"{shop.url}/steun-ons")
    press = page.keyboard.press
    tab_to(page, "amount")
    press("ArrowRight")  # € 50
    press("ArrowRight")  # € 100
    tab_to(page, "Volgende")
    press("Enter")
    for name, value in WHO.items():
        tab_to(page, name)
        page.keyboard.type(value)
    press("Enter")  # in a field: on to the next step
    tells(page, 'heading "Betalen" focused')
    tab_to(page, "Terug")
    press("Enter")
    tells(page, 'heading "Uw gegevens" focused')
    tab_to(page, "Volgende")
    press("Enter")
    tab_to(page, "method")
    press("ArrowDown")
    tells(page, 'radio "Creditcard" checked focused')
    tab_to(page, "Geef € 100,00")
    with page.expect_navigation():
        press("Enter")
    assert page.locator("h1").inner_text() == "100.00"


def test_without_script_it_is_one_page(shop: Shop, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(f"{shop.url}/steun-ons")
    assert page.get_by_role("button", name="Volgende").count() == 0
    assert not page.locator("[name=other_amount]").is_visible(), "nothing to type beside the tile that is chosen"
    choose(page, "Ander bedrag")
    fill(page, other_amount="7,5o", **WHO)
    send(page, "Geef")
    tells(page, 'heading "Eén ding klopt nog niet"')
    assert page.input_value("[name=other_amount]") == "7,5o"
    choose(page, "€ 10")
    send(page, "Geef")
    assert page.locator("[name=other_amount]").is_visible(), "two amounts: both can be seen, and one is asked for"
    choose(page, "Ander bedrag")
    assert [page.input_value(f"[name={name}]") for name in WHO] == list(WHO.values())
    fill(page, other_amount="7,50")
    send(page, "Geef")
    at_mollie(page, "canceled")
    tells(page, 'heading "U hebt de betaling afgebroken"', 'link "Probeer het opnieuw"')
    context.close()


def test_while_the_provider_is_away_the_page_waits_in_peace_and_then_tells(shop: Shop, page: Any) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{shop.url}/steun-ons")
    on(page, "Uw gegevens")
    fill(page, **WHO)
    on(page, "Betalen")
    shop.mollie.sticky = "503"
    send(page, "Geef € 25,00")
    tells(page, 'heading "Een ogenblik"')
    look(page, "dark")
    other_way = page.get_by_role("link", name="Op een andere manier geven")
    other_way.focus()
    with page.expect_response("**/steun-ons/bedankt/*"):
        pass
    page.wait_for_timeout(300)
    assert other_way.evaluate("e => e === document.activeElement"), "without news nothing moves"
    shop.mollie.sticky = None
    shop.clock.forward(minutes=2)
    page.get_by_role("link", name="Verder naar betalen").click(timeout=60_000)
    at_mollie(page, "paid")
    page.get_by_role("heading", name="Dank u wel voor uw gift").wait_for(timeout=60_000)


SHIFTED = """() => new Promise(done => { let sum = 0; new PerformanceObserver(list => list.getEntries().forEach(e =>
  { sum += e.value })).observe({ type: "layout-shift", buffered: true }); setTimeout(() => done(sum), 100) })"""


def test_nothing_jumps_and_a_script_that_does_not_come_hides_nothing(shop: Shop, page: Any) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{shop.url}/steun-ons")
    assert page.evaluate(SHIFTED) == 0
    page.route("**/giving*.js", lambda route: route.abort())
    page.reload()
    heights = "[...document.querySelectorAll('.give-step')].map(step => step.offsetHeight > 0)"
    assert page.evaluate(heights) == [True, False, False], "as it will be with the script"
    page.evaluate("document.getAnimations().forEach(each => each.finish())")  # four seconds later
    assert page.evaluate(heights) == [True, True, True]
    fill(page, **WHO)
    send(page, "Geef")
    assert "/checkout/tr_" in page.url


def test_the_back_button_and_two_tabs_give_once(shop: Shop, page: Any) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{shop.url}/steun-ons")
    on(page, "Uw gegevens")
    fill(page, **WHO)
    on(page, "Betalen")
    send(page, "Geef € 25,00")
    checkouts, gifts = count(shop, Checkout), count(shop, Gift)
    page.go_back()
    assert [page.input_value(f"[name={name}]") for name in WHO] == list(WHO.values())
    for _step in range(2):
        if (button := page.get_by_role("button", name="Volgende")).is_visible():
            button.click()
    other = page.context.new_page()
    other.goto(f"{shop.url}/steun-ons")  # another tab is another form
    send(page, "Geef € 25,00")
    at_mollie(page, "paid")
    assert count(shop, Checkout) == checkouts, "the same form is the same gift"
    page.go_back()
    page.go_back()
    assert page.url == f"{shop.url}/steun-ons"
    for _step in range(2):
        if (button := page.get_by_role("button", name="Volgende")).is_visible():
            button.click()
    send(page, "Geef € 25,00")
    tells(page, 'heading "Dank u wel voor uw gift"')
    assert (count(shop, Checkout), count(shop, Gift)) == (checkouts, gifts + 1)
    other.close()


@contextmanager
def website(page: str, port: int) -> Iterator[None]:
    """Another site that shows this page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=partial(server.serve_forever, 0.02), daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


def test_in_a_frame_where_cookies_of_others_are_blocked(shop: Shop, page: Any) -> None:
    pasted = snippet(f"{shop.url}/steun-ons/inbedden", "Steun ons")
    body = f'<!doctype html><meta name="viewport" content="width=device-width"><title>Site</title>{pasted}'
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCookieControls", {"enableThirdPartyCookieRestriction": True})
    page.set_viewport_size(PHONE)
    with website(body, int(shop.site.rpartition(":")[2])):
        page.goto(shop.site.replace("localhost", "127.0.0.1"))
        assert page.frames[1].locator("form").count() == 0, "a site that is not named shows nothing"
        page.goto(shop.site)
        frame = page.frames[1]
        choose(frame, "Elke maand", "Ander bedrag", "Een organisatie", "Incasso")
        frame.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert frame.get_by_label("IBAN").is_visible(), "the tallest that it can be"
        for width in (280, 320, 360, 430, 480, 540, 768, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            inside, outside = frame.evaluate("[document.documentElement.scrollHeight, innerHeight]")
            assert inside <= outside, f"at {width} px it scrolls inside itself"
        page.goto(shop.site)
        frame = page.frames[1]
        choose(frame, "Eenmalig", "€ 100")
        fill(frame, **WHO)
        assert page.context.cookies() == []
        with page.expect_navigation():
            frame.get_by_role("button", name="Geef").click()
    assert page.locator("h1").inner_text() == "100.00", "it goes on in the whole window"
    at_mollie(page, "paid")
    tells(page, 'heading "Dank u wel voor uw gift"')
