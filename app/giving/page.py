"""A donation page as bytes, the same for everybody but for one signed token and a code of where they came from.

It is rendered when what it shows changed, in a request of its own without cookies, so nothing of
the visitor who happened to come first can end up in it. Answering a visitor is then one join:
no query, no session, no template.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace

from flask import Flask, current_app, render_template

from app.giving import offer
from app.giving.answers import blank
from app.giving.forms import GivingForm, drawn
from app.giving.offer import Offer
from app.giving.places import Place

KEEP_SECONDS = 5.0
_MARK, _SOURCE = "0token0goes0here0", "0source0goes0here0"
_MOST = 200  # kept pages: more than there are campaigns, in two languages, in a frame or not
_KEY = "giving.pages"


@dataclass(slots=True)
class Page:
    """The bytes around the token and the code, and what they offer; `until` by the monotonic clock."""

    offer: Offer
    before: bytes
    between: bytes
    after: bytes
    until: float

    def with_token(self, token: str, source: str = "") -> bytes:
        """`source` holds nothing that HTML could read (sources.py)."""
        return b"".join((self.before, token.encode(), self.between, source.encode(), self.after))


@dataclass(slots=True)
class _Pages:
    kept: dict[Place, Page] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def init_app(app: Flask) -> None:
    app.extensions[_KEY] = _Pages()


def current(place: Place) -> Page:
    """The page of this moment at this place. Raises NotFound for a campaign that is not shown."""
    pages: _Pages = current_app.extensions[_KEY]
    page = pages.kept.get(place)
    if page is not None and page.until > time.monotonic():
        return page
    # One visitor looks whether anything changed; the others meanwhile get the page there is.
    if pages.lock.acquire(blocking=page is None):
        try:
            page = _made(place, pages.kept.pop(place, None))
            if len(pages.kept) >= _MOST:
                pages.kept.clear()
            pages.kept[place] = page
        finally:
            pages.lock.release()
    assert page is not None
    return page


def _made(place: Place, before: Page | None) -> Page:
    offered = offer.current(place)
    until = time.monotonic() + KEEP_SECONDS
    if before is not None and before.offer == offered:
        return replace(before, until=until)
    start, _mark, rest = _render(place, offered).encode().partition(_MARK.encode())
    between, _mark, after = rest.partition(_SOURCE.encode())
    return Page(offered, start, between, after, until)


def _render(place: Place, offered: Offer) -> str:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.test_request_context(place.path):
        app.preprocess_request()
        return render(place, blank_form(offered, _MARK, _SOURCE), offered)


def blank_form(offered: Offer, token: str, source: str = "") -> GivingForm:
    """The form as it opens."""
    names = offered.method_names
    typed = blank(names[0] if names else "", offered.presets_cents)
    return drawn(typed, {}, offered, token, source=source)


def render(place: Place, form: GivingForm, offered: Offer, *, preview: bool = False) -> str:
    """The page with this form on it."""
    return render_template(
        "giving/framed.html" if place.framed else "giving/form.html", form=form, offer=offered, profile=offered.profile,
        appeal=offered.appeal, here=place.action, general=place.general.path, elsewhere=place.elsewhere.path,
        other=place.elsewhere.language, preview=preview,
    )  # fmt: skip
