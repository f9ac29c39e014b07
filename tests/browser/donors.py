"""What the donor's stories share: a shop with Mollie behind it, what a screen reader is told, looks at a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.ledger.accounts import ensure_chart
from app.organisation import services
from tests.browser.conftest import Server, serving
from tests.browser.test_crawl import AXE, RUN_AXE, TOO_WIDE, WHOLE
from tests.factories.organisation import DETAILS, make_organisation, make_programme
from tests.support.databases import Databases
from tests.support.fake_mollie import FakeMollie

PHONE = {"width": 390, "height": 844}
WHO = {"first_name": "Anna", "infix": "van den", "last_name": "Berg", "email": "anna@voorbeeld.nl"}
DESKTOP = {"width": 1440, "height": 900}
_SILENT = re.compile(
    "none|generic|StaticText|InlineTextBox|LabelText|RootWebArea|paragraph|strong|LineBreak|Legend|.*List.*"
)
_TOLD = ("checked", "required", "invalid", "focused")


@dataclass
class Shop(Server):
    """Steun ons with the fake Mollie behind it; `site` is another website, which may frame the form."""

    mollie: FakeMollie
    site: str


@contextmanager
def open_shop(databases: Databases, directory: Path, site: str = "http://localhost:9") -> Iterator[Shop]:
    """An organisation that takes mandates online, a programme, and the clock of the tests at the provider too."""
    with FakeMollie() as mollie, databases.fresh("sqlite", directory) as url:
        names = {"MOLLIE_API_KEY": mollie.key, "MOLLIE_API_URL": mollie.url, "FRAME_HOSTS": site}
        with serving(directory, url, **names) as server:
            mollie.clock, mollie.send_webhooks = server.clock.now, True
            with server.app.app_context():
                make_organisation()
                make_programme("watch", name="WATCH")
                with writing():
                    ensure_chart()
                    services.save(replace(DETAILS, online_mandates=True), actor=SYSTEM, now=now())
            yield Shop(server.url, server.app, server.clock, mollie, site)


def heard(page: Any) -> set[str]:
    """The page as Chromium tells it to a screen reader, one line for each part that says something: its role, name and
    state, with the hint and the error tied to it: `radio "€ 25" checked`."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return {_line(node) for node in nodes if not node["ignored"] and not _SILENT.fullmatch(node["role"]["value"])}


def _line(node: dict[str, Any]) -> str:
    name, about = (" ".join(str(node.get(key, {}).get("value", "")).split()) for key in ("name", "description"))
    said = {p["name"]: p["value"].get("value") for p in node.get("properties", ())}
    states = [state for state in _TOLD if said.get(state) in (True, "true")]
    live = [f"live={said['live']}"] if "live" in said else []
    return " ".join([node["role"]["value"], f'"{name}"', *states, *live, *([f"({about})"] if about else [])])


def tells(page: Any, *lines: str) -> None:
    """A screen reader hears all of these, as soon as the browser's tree has caught up with the page."""
    for _ in range(20):
        told = heard(page)
        if set(lines) <= told:
            return
        page.wait_for_timeout(100)
    assert set(lines) <= told, f"not told: {sorted(set(lines) - told)}, but {sorted(told)}"


def look(page: Any, scheme: str = "light") -> None:
    """No finding of axe at what is shown now, and nothing wider than the screen."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(AXE)
    found = [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in page.evaluate(RUN_AXE, WHOLE)]
    assert not found, f"{page.url}: {found}"
    assert page.evaluate(TOO_WIDE) <= 0, f"{page.url} is wider than the screen"


def count(shop: Shop, table: type) -> int:
    with shop.app.app_context():
        return db.session.execute(select(func.count()).select_from(table)).scalar_one()


def choose(page: Any, *names: str) -> None:
    for name in names:
        # Not by force: Playwright then sees whether the click arrived, and clicks again where the page still moved.
        page.get_by_role("radio", name=name, exact=True).check()


def on(page: Any, title: str) -> None:
    """To the next step, whose title gets the focus."""
    page.get_by_role("button", name="Volgende").click()
    tells(page, f'heading "{title}" focused')


def fill(page: Any, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f'[name="{name}"]', value)


def send(page: Any, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def at_mollie(page: Any, outcome: str) -> None:
    assert "/checkout/tr_" in page.url
    with page.expect_navigation(url=re.compile("/steun-ons/")):
        page.get_by_role("button", name=outcome).click()


def words(page: Any) -> str:
    return " ".join(page.locator("main").inner_text().replace("\xa0", " ").split())
