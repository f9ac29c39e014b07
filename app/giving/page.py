"""The donation page as bytes, the same for everybody but for one signed token.

It is rendered when what it shows changed, in a request of its own without cookies, so nothing of
the visitor who happened to come first can end up in it. Answering a visitor is then one join:
no query, no session, no template.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from flask import Flask, current_app, render_template

from app.giving import offer
from app.giving.answers import blank
from app.giving.offer import Offer

KEEP_SECONDS = 5.0
PATHS = {"nl": "/steun-ons", "en": "/en/support-us"}
_MARK = "0token0goes0here0"
_KEY = "giving.pages"


@dataclass(slots=True)
class Page:
    """The bytes around the token, and what they offer; `until` by the monotonic clock."""

    offer: Offer
    parts: list[bytes]
    until: float

    def with_token(self, token: str) -> bytes:
        return token.encode().join(self.parts)


@dataclass(slots=True)
class _Pages:
    kept: dict[str, Page] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def init_app(app: Flask) -> None:
    app.extensions[_KEY] = _Pages()


def current(language: str) -> Page:
    """The page of this moment in this language."""
    pages: _Pages = current_app.extensions[_KEY]
    page = pages.kept.get(language)
    if page is not None and page.until > time.monotonic():
        return page
    # One visitor looks whether anything changed; the others meanwhile get the page there is.
    if pages.lock.acquire(blocking=page is None):
        try:
            page = pages.kept[language] = _made(language, pages.kept.get(language))
        finally:
            pages.lock.release()
    assert page is not None
    return page


def _made(language: str, before: Page | None) -> Page:
    now = offer.current()
    until = time.monotonic() + KEEP_SECONDS
    if before is not None and before.offer == now:
        return Page(before.offer, before.parts, until)
    return Page(now, _render(language, now).encode().split(_MARK.encode()), until)


def _render(language: str, offered: Offer) -> str:
    from app.giving.forms import drawn

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.test_request_context(PATHS[language]):
        app.preprocess_request()
        names = offered.method_names
        form = drawn(blank(names[0] if names else ""), {}, offered, _MARK)
        return render(language, form, offered)


def render(language: str, form: object, offered: Offer) -> str:
    """The page with this form on it."""
    other = "en" if language == "nl" else "nl"
    return render_template(
        "giving/form.html", form=form, offer=offered, profile=offered.profile,
        here=PATHS[language], elsewhere=PATHS[other], other=other,
    )  # fmt: skip
