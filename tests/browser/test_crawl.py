"""Every page that each role can reach by links: no CSP violation, no console error, no axe finding.

Phone and wide screen, light and dark. What only an id leads to is reached from the lists.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from app.ui.permissions import Role
from tests.browser.conftest import Server
from tests.support.client import PASSWORD

# Pages look the same on both databases: one of them is enough here.
pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.timeout(600)]
LOOKS = [(width, scheme) for width in (390, 1440) for scheme in ("light", "dark")]
MOST_PAGES = 80
# Of /grants/123 and /grants/124 one is enough; files and calendars are no pages.
NOT_PAGES = re.compile(r"\.(csv|xlsx|pdf|ics|xml|json)$|^/(static|healthz|documents)(/|$)|/logout$")


def shape(path: str) -> str:
    return re.sub(r"/\d{6,}|/[A-Za-z0-9_-]{20,}", "/*", path)


def sign_in(page: Any, server: Server, role: Role) -> None:
    page.goto(f"{server.url}/login")
    page.fill('[name="email"]', server.staff(role))
    page.fill('[name="password"]', PASSWORD)
    with page.expect_navigation():
        page.press('[name="password"]', "Enter")
    assert "/login" not in page.url, f"{role.value} could not sign in"


def crawl(page: Any, server: Server, starts: list[str]) -> list[str]:
    """Paths of one page of each shape that links lead to."""
    waiting, seen = list(starts), {}
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        if shape(path) in seen:
            continue
        seen[shape(path)] = path
        page.goto(server.url + path)
        for href in page.eval_on_selector_all("a[href]", "links => links.map(a => a.getAttribute('href'))"):
            parts = urlsplit(urljoin(page.url, href))
            here = f"{parts.scheme}://{parts.netloc}" == server.url
            if here and not NOT_PAGES.search(parts.path) and shape(parts.path) not in seen:
                waiting.append(parts.path)
    return sorted(seen.values())


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

    def look(self, url: str) -> None:
        from axe_playwright_python.sync_playwright import Axe

        for width, scheme in LOOKS:
            self._page.set_viewport_size({"width": width, "height": 900})
            self._page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            response = self._page.goto(url)
            where = f"{urlsplit(url).path} at {width} px, {scheme}"
            if response is None or response.status >= 400:
                self.found.append(f"{where}: status {response.status if response else 'none'}")
                continue
            too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            if (extra := self._page.evaluate(too_wide)) > 0:
                self.found.append(f"{where}: {extra} px wider than the screen")
            for violation in Axe().run(self._page).response["violations"]:
                node = violation["nodes"][0]
                why = " ".join(node["failureSummary"].split())[:160]
                self.found.append(f"{where}: axe {violation['id']}: {node['html'][:100]} {why}")


def _assert_spotless(page: Any, server: Server, starts: list[str]) -> None:
    complaints = Complaints(page)
    for path in crawl(page, server, starts):
        complaints.look(server.url + path)
    found = list(dict.fromkeys(complaints.found))
    assert not found, f"{len(found)} complaints:\n" + "\n".join(found)


def test_what_everybody_sees(live_server: Server, page: Any) -> None:
    _assert_spotless(page, live_server, ["/", "/login"])


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_what_staff_see(live_server: Server, page: Any, role: Role) -> None:
    sign_in(page, live_server, role)
    _assert_spotless(page, live_server, [urlsplit(page.url).path])


def test_a_violation_is_noticed(live_server: Server, page: Any) -> None:
    complaints = Complaints(page)
    page.goto(f"{live_server.url}/login")
    page.evaluate('document.body.insertAdjacentHTML(\'beforeend\', \'<img src="x" onerror="1"><p style="color:red">\')')
    page.wait_for_timeout(100)
    assert any("CSP" in line or "Content Security Policy" in line for line in complaints.found)
