"""Every page that each role can reach by links: no CSP violation, no console error, no axe finding.

Phone and wide screen, light and dark. What only an id leads to is reached from the lists.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.extensions import now, writing
from app.ui.permissions import Role
from tests.browser.conftest import Server
from tests.factories import gifts, grants, organisation
from tests.support.client import PASSWORD

# Pages look the same on both databases: one of them is enough here.
pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.timeout(600)]
LOOKS = {390: ("light", "dark"), 1440: ("dark", "light")}
MOST_PAGES = 80
# Of /grants/123 and /grants/124 one is enough; files and calendars are no pages.
NOT_PAGES = re.compile(r"\.(csv|xlsx|pdf|ics|xml|json)$|^/(static|healthz|documents)(/|$)|/logout$")


@pytest.fixture
def lived_in(live_server: Server) -> Server:
    """A server with an organisation, gifts, a grant and an application, so that lists lead somewhere."""
    with live_server.app.app_context():
        organisation.make_organisation()
        organisation.make_programme()
        gifts.paid_gift()
        gifts.promised_gift()
        with writing():
            grants.application(now())
            funder_id = grants.funder(now(), "Fonds Voorbeeld")
            grants.grant(now(), funder_id=funder_id)
    return live_server


def shape(path: str) -> str:
    return re.sub(r"/\d{6,}|/[A-Za-z0-9_-]{20,}", "/*", path)


def sign_in(page: Any, server: Server, role: Role) -> None:
    page.goto(f"{server.url}/login")
    page.fill('[name="email"]', server.staff(role))
    page.fill('[name="password"]', PASSWORD)
    with page.expect_navigation():
        page.press('[name="password"]', "Enter")
    assert "/login" not in page.url, f"{role.value} could not sign in"


class Complaints:
    """What the browser holds against the pages it is shown."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self.found: list[str] = []
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self._hear("error", str(error)))
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', "
            "e => console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI))"
        )

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error":
            self.found.append(f"{urlsplit(self._page.url).path}: {text}")

    def look(self, url: str) -> list[str]:
        """Look at a page in every width and scheme; the addresses it links to."""
        from axe_playwright_python.sync_playwright import Axe

        links: list[str] = []
        for width, schemes in LOOKS.items():
            self._page.set_viewport_size({"width": width, "height": 900})
            response = self._page.goto(url)
            path = urlsplit(url).path
            if response is None or response.status >= 400:
                self.found.append(f"{path}: status {response.status if response else 'none'}")
                return links
            links = self._page.eval_on_selector_all("a[href]", "links => links.map(a => a.href)")
            too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            if (extra := self._page.evaluate(too_wide)) > 0:
                self.found.append(f"{path} at {width} px: {extra} px wider than the screen")
            for scheme in schemes:
                self._page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                for violation in Axe().run(self._page).response["violations"]:
                    node = violation["nodes"][0]
                    why = " ".join(node["failureSummary"].split())[:160]
                    place = f"{path} at {width} px, {scheme}"
                    self.found.append(f"{place}: axe {violation['id']}: {node['html'][:100]} {why}")
        return links


def _assert_spotless(page: Any, server: Server, starts: list[str]) -> None:
    """Look at one page of each shape that links lead to."""
    complaints = Complaints(page)
    waiting = list(starts)
    seen: set[str] = set()
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        if shape(path) in seen:
            continue
        seen.add(shape(path))
        for link in complaints.look(server.url + path):
            parts = urlsplit(link)
            if f"{parts.scheme}://{parts.netloc}" == server.url and not NOT_PAGES.search(parts.path):
                waiting.append(parts.path)
    found = list(dict.fromkeys(complaints.found))
    assert not found, f"{len(found)} complaints:\n" + "\n".join(found)


def test_what_everybody_sees(lived_in: Server, page: Any) -> None:
    _assert_spotless(page, lived_in, ["/", "/login"])


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_what_staff_see(lived_in: Server, page: Any, role: Role) -> None:
    sign_in(page, lived_in, role)
    _assert_spotless(page, lived_in, [urlsplit(page.url).path])


def test_a_violation_is_noticed(live_server: Server, page: Any) -> None:
    complaints = Complaints(page)
    page.goto(f"{live_server.url}/login")
    page.evaluate('document.body.insertAdjacentHTML(\'beforeend\', \'<img src="x" onerror="1"><p style="color:red">\')')
    page.wait_for_timeout(100)
    assert any("CSP" in line or "Content Security Policy" in line for line in complaints.found)
