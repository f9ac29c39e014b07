"""A report made together, in Chromium: asked of a partner, opened with a code, delivered, sent back,
delivered again, accepted, and only then ready. The partner's pages are looked at by axe."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.extensions import now, writing
from app.ui.permissions import Role
from tests.browser.conftest import Server
from tests.browser.test_crawl import Complaints, sign_in
from tests.factories import consortium, organisation
from tests.support.mails import links_mailed, mails

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.timeout(300)]


def code(server: Server) -> str:
    with server.app.app_context():
        texts = [mail.rendered.text for mail in mails() if mail.message.template == "grants/part_code"]
    found = re.search(r"\b(\d{6})\b", texts[-1])
    assert found
    return found[1]


def press(page: Any, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.click()


def follow(page: Any, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=True).first.click()


def test_from_award_to_ready(live_server: Server, browser: Any, page: Any) -> None:
    with live_server.app.app_context():
        organisation.make_organisation()
        with writing():
            grant_id, obligation_id = consortium.report(now())
            consortium.partner(grant_id, now())
    lead = page
    sign_in(lead, live_server, Role.FUNDRAISER)
    report = f"{live_server.url}/grants/obligations/{obligation_id}"
    lead.goto(report)
    press(lead, "Begin eraan")
    follow(lead, "Onderdelen van partners")
    lead.goto(f"{report}/parts/ask")
    lead.fill('[name="questions-0-title"]', "Wat is er gedaan")
    lead.select_option('[name="questions-1-kind"]', "figures")
    lead.fill('[name="questions-1-title"]', "Cijfers")
    lead.fill('[name="questions-1-question"]', "Personeel\nReizen")
    press(lead, "Vraag dit en verstuur de links")
    assert lead.url == f"{report}/parts"

    with live_server.app.app_context():
        link = live_server.url + links_mailed("/taak/")[-1]
    context = browser.new_context(locale="nl-NL")
    partner = context.new_page()
    complaints = Complaints(partner)
    complaints.look(link)
    partner.goto(link)
    assert "CKM" not in partner.content()
    press(partner, "Mail mij een code")
    complaints.look(link)
    partner.goto(link)
    partner.fill('[name="code"]', code(live_server))
    press(partner, "Open de pagina")
    assert "CKM" in partner.content()
    complaints.look(link)

    partner.goto(link)
    follow(partner, "Wat is er gedaan")
    text_page = partner.url
    complaints.look(text_page)
    partner.goto(text_page)
    partner.fill('[name="answer"]', "Een eerste opzet.")
    assert partner.locator(".form-hint", has_text="17 tekens").count() == 1, "it counts while somebody types"
    press(partner, "Bewaar als concept")
    assert partner.input_value('[name="answer"]') == "Een eerste opzet."
    press(partner, "Lever dit onderdeel aan")
    follow(partner, "Cijfers")
    complaints.look(partner.url)
    for place, amount in enumerate(("€ 1.234,56", "100.00")):
        partner.locator('[name^="figure_"]').nth(place).fill(amount)
    partner.fill('[name="total"]', "1.334,57")
    press(partner, "Lever dit onderdeel aan")
    assert "klopt niet" in partner.content()
    partner.fill('[name="total"]', "1.334,56")
    press(partner, "Lever dit onderdeel aan")

    lead.goto(f"{report}/parts")
    assert "1.334,56" in lead.content()
    follow(lead, "Wat is er gedaan")
    follow(lead, "Stuur het terug")
    lead.fill('[name="note"]', "Noem ook de scholen.")
    press(lead, "Stuur het terug")

    lead.goto(report)
    lead.get_by_role("button", name="Geef door voor controle").first.click()
    lead.wait_for_load_state()
    assert "Wat is er gedaan" in lead.content(), "it says which part is missing"

    partner.goto(text_page)
    assert "Noem ook de scholen." in partner.content()
    complaints.look(text_page)
    partner.goto(text_page)
    partner.fill('[name="answer"]', "Met de scholen erbij.")
    press(partner, "Lever dit onderdeel aan")

    for title in ("Wat is er gedaan", "Cijfers"):
        lead.goto(f"{report}/parts")
        follow(lead, title)
        press(lead, "Keur dit onderdeel goed")
    lead.goto(report)
    press(lead, "Geef door voor controle")
    assert "Interne controle" in lead.content()
    complaints.look(link)
    context.close()
    # The refused step answers 409 and the wrong total 422, which browsers log as errors of their own.
    found = [each for each in dict.fromkeys(complaints.found) if "status of 422" not in each]
    assert not found, "\n".join(found)
