"""The navigation registry: rooms say at start where they are found, the layout shows what one may see.

from app.ui import navigation
navigation.add(NavItem(Section.GRANTS, "grants.index", N_("Grants"), Permission.GRANTS_READ, phone=True))
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from flask import request, url_for

from app.base.states import N_
from app.ui.permissions import Permission, may


class Section(Enum):
    """The groups of the side bar, by what people do, in this order: (name, msgid, icon)."""

    TODAY = "today", N_("Today"), "sun"
    GRANTS = "grants", N_("Funders and grants"), "bank2"
    SUPPORTERS = "supporters", N_("Supporters"), "people"
    GIFTS = "gifts", N_("Gifts"), "gift"
    COLLECTION = "collection", N_("Direct debit"), "arrow-repeat"
    BANK = "bank", N_("Bank"), "credit-card-2-front"
    FINANCE = "finance", N_("Finance"), "journal-text"
    INSIGHT = "insight", N_("Insight"), "graph-up"
    SETTINGS = "settings", N_("Settings"), "gear"

    @property
    def label(self) -> str:
        return self.value[1]

    @property
    def icon(self) -> str:
        return self.value[2]


@dataclass(frozen=True, slots=True)
class NavItem:
    """A place in the side bar. `covers` are endpoint prefixes that light it up besides its own
    (`"grants."`); `phone` puts it in the bottom bar of small screens (at most four, by order), there with
    an icon (`symbol`) and a word (`short`) of its own, else the icon of its section and its label."""

    section: Section
    endpoint: str
    label: str
    permission: Permission
    order: int = 50
    covers: tuple[str, ...] = ()
    phone: bool = False
    symbol: str = ""
    short: str = ""


_items: dict[str, NavItem] = {}
_account: dict[str, NavItem] = {}
_named: dict[str, str] = {}


def add(*items: NavItem) -> None:
    """Put places in the side bar, at start. The same endpoint twice keeps the last."""
    for item in items:
        _items[item.endpoint] = item


def add_account(*items: NavItem) -> None:
    """Put links in the menu under the person's name (account, sessions); section is ignored."""
    for item in items:
        _account[item.endpoint] = item


def search_at(endpoint: str, permission: Permission, suggest: str = "") -> None:
    """Where the search field of the top bar leads: `endpoint?q=`. `suggest` is an endpoint that
    answers the same `q` with an HTML fragment (a list of links) to show while typing."""
    _named.update(search=endpoint, search_permission=permission.value, suggest=suggest)


def sign_out_at(endpoint: str) -> None:
    """The POST endpoint behind the sign-out button."""
    _named["sign_out"] = endpoint


def home_at(endpoint: str) -> None:
    """Where signed-in staff land (`/`); the cockpit says so."""
    _named["home"] = endpoint


def public_home_at(endpoint: str) -> None:
    """Where everybody else lands (`/`); Steun ons says so."""
    _named["public_home"] = endpoint


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    current: bool
    phone: bool = False
    icon: str = ""
    short: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    icon: str
    links: tuple[Link, ...]
    current: bool


def _covering() -> str | None:
    """The endpoint of the item that stands for the page being shown: itself, else the longest cover."""
    here = request.endpoint or ""
    if here in _items:
        return here
    best: tuple[int, str] | None = None
    for item in _items.values():
        for cover in item.covers or (item.endpoint.split(".")[0] + ".",):
            if here.startswith(cover) and (best is None or len(cover) > best[0]):
                best = (len(cover), item.endpoint)
    return best[1] if best else None


def groups() -> list[Group]:
    """The side bar for the signed-in person: groups without a permitted item are left out."""
    covering = _covering()
    shown = []
    allowed = [item for item in _items.values() if may(item.permission)]
    for section in Section:
        own = sorted((i for i in allowed if i.section is section), key=lambda i: (i.order, i.endpoint))
        links = tuple(
            Link(i.label, url_for(i.endpoint), i.endpoint == covering, i.phone, i.symbol or section.icon, i.short)
            for i in own
        )
        if links:
            shown.append(Group(section.label, section.icon, links, any(link.current for link in links)))
    return shown


def account_links() -> list[Link]:
    own = sorted(_account.values(), key=lambda i: (i.order, i.endpoint))
    here = request.endpoint
    return [Link(i.label, url_for(i.endpoint), i.endpoint == here) for i in own if may(i.permission)]


@dataclass(frozen=True, slots=True)
class Search:
    url: str
    suggest_url: str


def search() -> Search | None:
    """The global search field, for those who may use it."""
    if "search" not in _named or not may(Permission(_named["search_permission"])):
        return None
    return Search(url_for(_named["search"]), url_for(_named["suggest"]) if _named["suggest"] else "")


def sign_out_url() -> str | None:
    endpoint = _named.get("sign_out")
    return url_for(endpoint) if endpoint else None


def home_endpoint() -> str | None:
    """The endpoint of the staff home, where a room named one."""
    return _named.get("home")


def home_url() -> str | None:
    """The staff home; where no room names one, the first place this person may see."""
    if endpoint := _named.get("home"):
        return url_for(endpoint)
    found = groups()
    return found[0].links[0].url if found else None


def public_home_url() -> str | None:
    endpoint = _named.get("public_home")
    return url_for(endpoint) if endpoint else None
