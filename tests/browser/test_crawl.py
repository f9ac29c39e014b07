"""Every page that each role can reach by links: no CSP violation, no console error, no axe finding.

The database holds the demo organisation, so tables have rows. Every page is measured at both widths;
the first look is axe's full one, in one width and scheme, and the second looks for contrast in the
other. What another role saw word for word the same is not looked at twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.demo import services as demo
from app.extensions import now, writing
from app.ui.permissions import Role
from tests.browser.conftest import Server, serving
from tests.factories import gifts, grants
from tests.support.client import PASSWORD
from tests.support.databases import Databases

# Pages look the same on both databases: one of them is enough here.
pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.timeout(900)]
WIDTHS = (390, 1440)
SCHEMES = ("light", "dark")
MOST_PAGES = 400
EVERY_DAY = 20  # without --complete: the first pages that links lead to
SUPPORTERS = 30
# Files and calendars are no pages; the frame of the page is looked at once for each role.
NOT_PAGES = re.compile(r"[./](csv|xlsx|pdf|ics|xml|json|docx|txt|zip|content)$|^/(static|healthz)(/|$)|/logout$")
WHOLE: dict[str, Any] = {"resultTypes": ["violations"]}
CONTRAST = WHOLE | {"runOnly": ["color-contrast"]}
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = "async options => (await axe.run(document, options)).violations"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# The choices whose words are wider than the room between the edge and the arrow.
CUT_OFF = """() => [...document.querySelectorAll('.filter-choice select')].filter(each => {
  const style = getComputedStyle(each), pen = document.createElement('canvas').getContext('2d')
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
  const room = each.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
  return each.checkVisibility() && pen.measureText(each.selectedOptions[0].text).width > room + 1
}).map(each => each.selectedOptions[0].text)"""
# Links in charts are SVG: their .href is no text.
HREFS = "links => links.map(a => new URL(a.getAttribute('href'), location).href)"
WORDS = """() => (document.querySelector('main') || document.body).outerHTML
  .replace(/(value|nonce)="[^"]{16,}"/g, '')"""


@pytest.fixture(scope="module")
def lived_in(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the demo organisation, few supporters, and a gift and a grant in each state that asks for work."""
    directory = tmp_path_factory.mktemp("lived-in")
    with databases.fresh("sqlite", directory) as url, serving(directory, url) as server:
        with server.app.app_context():
            demo.load_first(PASSWORD, SUPPORTERS)
            gifts.paid_gift()
            gifts.promised_gift()
            with writing():
                grants.grant(now(), funder_id=grants.funder(now(), "Fonds Voorbeeld"))
        yield server


@pytest.fixture(scope="module")
def looked_at() -> set[str]:
    """The words of pages that were looked at already."""
    return set()


def shape(path: str) -> str:
    """Of /grants/123 and /grants/124, and of months, one or two are enough."""
    return re.sub(r"\?.*|/\d{6,}|/\d{4}-\d{2}|/[A-Za-z0-9_-]{20,}", "/*", path)


def enough(shape: str) -> int:
    return 2 if shape.endswith("/*") else 1


def sign_in(page: Any, server: Server, role: Role) -> None:
    page.goto(f"{server.url}/login")
    page.fill('[name="email"]', server.staff(role))
    page.fill('[name="password"]', PASSWORD)
    with page.expect_navigation():
        page.press('[name="password"]', "Enter")
    assert "/login" not in page.url, f"{role.value} could not sign in"


class Complaints:
    """What the browser holds against the pages it is shown."""

    def __init__(self, page: Any, looked_at: set[str] | None = None) -> None:
        self._page = page
        self._looked_at = set() if looked_at is None else looked_at
        self._turn = 0
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
        """Look at a page in both widths and schemes; the addresses it links to."""
        path = urlsplit(url).path
        response = self._page.goto(url)
        if response is None or response.status >= 400:
            self.found.append(f"{path}: status {response.status if response else 'none'}")
            return []
        links: list[str] = self._page.eval_on_selector_all("a[href]", HREFS)
        words = self._page.evaluate(WORDS)
        if words not in self._looked_at:
            self._looked_at.add(words)
            self._turn += 1
            self._page.evaluate(AXE)
            self._see(path, WIDTHS[self._turn % 2], SCHEMES[self._turn // 2 % 2], WHOLE)
            self._see(path, WIDTHS[1 - self._turn % 2], SCHEMES[1 - self._turn // 2 % 2], CONTRAST)
        return links

    def _see(self, path: str, width: int, scheme: str, options: dict[str, Any]) -> None:
        self._page.set_viewport_size({"width": width, "height": 900})
        self._page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if (extra := self._page.evaluate(TOO_WIDE)) > 0:
            self.found.append(f"{path} at {width} px: {extra} px wider than the screen")
        for violation in self._page.evaluate(RUN_AXE, options):
            node = violation["nodes"][0]
            why = " ".join(node["failureSummary"].split())[:160]
            place = f"{path} at {width} px, {scheme}"
            self.found.append(f"{place}: axe {violation['id']}: {node['html'][:100]} {why}")


def _assert_spotless(page: Any, server: Server, starts: list[str], looked_at: set[str], most: int) -> None:
    """Look at one page of each shape that links lead to, and at two records; at `most` in all."""
    complaints = Complaints(page, looked_at)
    waiting = list(starts)
    seen: Counter[str] = Counter()
    visited: set[str] = set()
    while waiting and len(visited) < most:
        path = waiting.pop(0)
        if path in visited or seen[shape(path)] >= enough(shape(path)):
            continue
        seen[shape(path)] += 1
        visited.add(path)
        for link in complaints.look(server.url + path):
            parts = urlsplit(link)
            if f"{parts.scheme}://{parts.netloc}" == server.url and not NOT_PAGES.search(parts.path):
                # For whom something new is made stands in the query.
                waiting.append(f"{parts.path}?{parts.query}" if parts.path.endswith("/new") else parts.path)
    assert len(visited) < MOST_PAGES, "more pages than are looked at: is an address without end among them?"
    found = list(dict.fromkeys(complaints.found))
    assert not found, f"{len(found)} complaints:\n" + "\n".join(found)


def test_what_everybody_sees(lived_in: Server, page: Any, looked_at: set[str]) -> None:
    _assert_spotless(page, lived_in, ["/", "/login"], looked_at, MOST_PAGES)


# Who may do everything sees every page. What the others see is fewer links and buttons: a release looks at them too.
@pytest.mark.parametrize(
    "role",
    [
        Role.ADMIN,
        *(pytest.param(role, marks=pytest.mark.complete) for role in Role if role is not Role.ADMIN),
    ],
    ids=lambda role: role.value,
)
def test_what_staff_see(
    lived_in: Server, page: Any, looked_at: set[str], role: Role, pytestconfig: pytest.Config
) -> None:
    sign_in(page, lived_in, role)
    most = MOST_PAGES if pytestconfig.getoption("--complete") else EVERY_DAY
    _assert_spotless(page, lived_in, [urlsplit(page.url).path], looked_at, most)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_filter_cuts_off_what_is_chosen(lived_in: Server, page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, lived_in, Role.ADMIN)
    for path in ("/grants/projects", "/grants/instalments?state=withheld", "/complaints", "/grants/funders"):
        page.goto(lived_in.url + path)
        for closed in page.query_selector_all(".filter-more:not([open]) > summary"):
            if closed.is_visible():  # phones fold the choices away
                closed.click()
        assert page.locator(".filter-choice select").first.is_visible()
        assert page.evaluate(CUT_OFF) == [], path
        assert page.evaluate(TOO_WIDE) <= 0, path


@pytest.mark.parametrize("width", [960, 1024, 1280, 1366])
def test_a_wide_table_scrolls_beside_the_side_bar_and_never_the_page(lived_in: Server, page: Any, width: int) -> None:
    """The widths between, on which tablets lie and small laptops stand."""
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, lived_in, Role.ADMIN)
    for path in ("/grants/funders", "/grants/instalments", "/grants/dates", "/grants/projects", "/documents", "/gifts"):
        page.goto(lived_in.url + path)
        assert page.evaluate(TOO_WIDE) <= 0, path


def test_a_violation_is_noticed(lived_in: Server, page: Any) -> None:
    complaints = Complaints(page)
    page.goto(f"{lived_in.url}/login")
    page.evaluate('document.body.insertAdjacentHTML(\'beforeend\', \'<img src="x" onerror="1"><p style="color:red">\')')
    page.wait_for_timeout(100)
    assert any("CSP" in line or "Content Security Policy" in line for line in complaints.found)
