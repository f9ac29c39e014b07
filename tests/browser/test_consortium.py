"""A consortium in Chromium, from the award to what went to the funder: the award with its plan, a partner, a
report asked in parts, opened with a code, delivered, sent back, delivered again, accepted, only then ready, taken
along as one pack and locked when it is sent. The partner's pages are looked at by axe."""

from __future__ import annotations

import re
import zipfile
from typing import Any

import pytest

from app.base.actor import SYSTEM
from app.extensions import now, writing
from app.grants.applications.models import Stage
from app.supporters.models import Role as Part
from app.supporters.services import set_roles
from app.ui.permissions import Role
from tests.browser.conftest import Server
from tests.browser.test_crawl import Complaints, sign_in
from tests.factories import grants, organisation
from tests.support.mails import links_mailed, mails

AWARD = {
    "title": "Preventie samen", "amount": "100.000,01", "decided_on": "20-11-2026", "agreed_on": "20-11-2026",
    "starts_on": "01-01-2027", "ends_on": "31-12-2028",
}  # fmt: skip

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


def test_from_award_to_sent(live_server: Server, browser: Any, page: Any) -> None:
    with live_server.app.app_context():
        organisation.make_organisation()
        with writing():
            asked = grants.application(now(), stage=Stage.SUBMITTED)
            set_roles(grants.organisation("CKM", now()), {Part.PARTNER}, actor=SYSTEM, now=now())
    lead = page
    sign_in(lead, live_server, Role.FUNDRAISER)
    lead.goto(f"{live_server.url}/grants/applications/{asked}/award")
    for name, value in AWARD.items():
        lead.fill(f'[name="{name}"]', value)
    lead.fill('[name="amount"]', "100.000")
    assert lead.locator(".amount-told").first.inner_text() == "Gelezen als €\u00a0100.000,00"
    lead.fill('[name="amount"]', AWARD["amount"])
    lead.select_option('[name="recognition"]', "costs")
    press(lead, "Vul het gebruikelijke plan voor deze periode in")
    assert lead.input_value('[name="instalments-1-amount"]').startswith("50")
    press(lead, "Leg de toekenning vast")
    grant = lead.url

    lead.goto(f"{grant}/partners/new")
    lead.select_option('[name="supporter_id"]', label="CKM")
    for name, value in {"share": "40", "contact_name": "Anna", "contact_email": "ckm@example.org"}.items():
        lead.fill(f'[name="{name}"]', value)
    lead.locator("main form button").last.click()
    lead.wait_for_load_state()
    assert "40%" in lead.content()

    lead.goto(grant)
    follow(lead, "Jaarrapportage")
    report = lead.url
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
    with partner.expect_navigation():
        partner.press('[name="total"]', "Enter")
    assert "Uw concept is bewaard." in partner.content(), "Enter in a figure keeps, and delivers nothing"
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

    lead.goto(f"{report}/report")
    with lead.expect_download() as taken:
        lead.get_by_role("link", name="Alles in één keer").click()
    with zipfile.ZipFile(taken.value.path()) as pack:
        assert [name.rsplit(".", 1)[1] for name in pack.namelist()] == ["pdf", "docx", "xlsx"]
    lead.goto(f"{report}/submit")
    lead.fill('[name="submitted_on"]', "23-11-2026")
    lead.fill('[name="proof"]', "Portaal, nummer 123")
    lead.locator("main form button").last.click()
    lead.wait_for_load_state()
    assert lead.url == report
    assert "Ingediend" in lead.content()
    prints = set(re.findall(r"\b[0-9a-f]{64}\b", lead.content()))
    assert len(prints) == 3, "what was sent is locked, each file with its fingerprint"
    lead.set_viewport_size({"width": 390, "height": 844})
    lead.goto(f"{live_server.url}/grants/rounds")
    here = lead.locator(".tabs [aria-current]").bounding_box()
    assert here
    assert 0 <= here["x"] < here["x"] + here["width"] <= 390, "on a phone the current tab is in sight"
    # The refused step answers 409 and the wrong total 422, which browsers log as errors of their own.
    found = [each for each in dict.fromkeys(complaints.found) if "status of 422" not in each]
    assert not found, "\n".join(found)
