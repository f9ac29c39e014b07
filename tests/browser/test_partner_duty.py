"""What a partner owes us for a sub-grant, in Chromium: the lead mails a link, the partner opens it with a code, hands
over a file with the keyboard alone, reads why it came back, and delivers again. axe looks at the partner's pages, at
390 and 1440 pixels, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.extensions import now, writing
from app.ui.permissions import Role
from tests.browser.conftest import Server
from tests.browser.test_consortium import code, follow, press
from tests.browser.test_crawl import Complaints, sign_in
from tests.factories import consortium as make
from tests.factories import organisation
from tests.support.mails import links_mailed

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.timeout(300)]


def with_keys(page: Any, name: str) -> None:
    """Press the button of this name without a mouse: tab to it, then Enter."""
    for _turn in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            break
    else:
        raise AssertionError(f"no way to {name} with the Tab key")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_partner_delivers_reads_why_it_came_back_and_delivers_again(
    live_server: Server, browser: Any, page: Any, tmp_path: Path
) -> None:
    with live_server.app.app_context():
        organisation.make_organisation()
        with writing():
            sub_grant_id = make.passed_on(now())
            make.passed_on(now(), name="Fier")
    lead = page
    sign_in(lead, live_server, Role.FUNDRAISER)
    lead.goto(f"{live_server.url}/grants/sub-grants/{sub_grant_id}")
    press(lead, "Stuur CKM de link")
    assert "ckm@example.org" in lead.content()
    with live_server.app.app_context():
        link = live_server.url + links_mailed("/taak/")[-1]

    context = browser.new_context(locale="nl-NL")
    partner = context.new_page()
    complaints = Complaints(partner)
    complaints.look(link)
    partner.goto(link)
    assert "CKM" not in partner.content()
    with_keys(partner, "Mail mij een code")
    partner.fill('[name="code"]', code(live_server))
    with_keys(partner, "Open de pagina")
    complaints.look(link)
    partner.goto(link)
    follow(partner, "Jaarcijfers")
    work = partner.url
    complaints.look(work)
    partner.goto(work)

    large = tmp_path / "film.pdf"
    large.write_bytes(b"%PDF-" + b"0" * (21 * 1024 * 1024))
    partner.set_input_files('[name="file"]', str(large))
    assert "groter dan 20 MB" in partner.get_by_role("alert").inner_text(), "it is told before it is sent"
    assert partner.input_value('[name="file"]') == ""
    paper = tmp_path / "jaarcijfers.txt"
    paper.write_text("Personeel 1.000\n")
    partner.set_input_files('[name="file"]', str(paper))
    partner.fill('[name="note"]', "De cijfers staan in de bijlage.")
    with_keys(partner, "Bewaar als concept")
    assert "jaarcijfers.txt" in partner.content()
    assert partner.input_value('[name="note"]') == "De cijfers staan in de bijlage."
    complaints.look(work)
    partner.goto(work)
    with_keys(partner, "Lever dit aan")
    assert "Aangeleverd. Dank u wel." in partner.content()
    complaints.look(work)

    lead.goto(f"{live_server.url}/grants/sub-grants/{sub_grant_id}")
    follow(lead, "Jaarcijfers")
    follow(lead, "jaarcijfers.txt")
    lead.go_back()
    follow(lead, "Stuur het terug")
    lead.fill('[name="note"]', "De reiskosten ontbreken.")
    press(lead, "Stuur het terug")

    partner.goto(work)
    assert "De reiskosten ontbreken." in partner.content()
    complaints.look(work)
    partner.goto(work)
    partner.fill('[name="note"]', "Nu met reiskosten.")
    press(partner, "Lever dit aan")
    lead.goto(f"{live_server.url}/grants/sub-grants/{sub_grant_id}")
    follow(lead, "Jaarcijfers")
    assert "Nu met reiskosten." in lead.content()
    press(lead, "Keur het goed")
    partner.goto(link)
    assert "Deze pagina is te openen tot" in partner.content()
    complaints.look(link)

    context.close()
    assert not complaints.found, "\n".join(dict.fromkeys(complaints.found))
