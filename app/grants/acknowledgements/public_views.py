"""*Wij worden gesteund door*: the same page for everybody, without cookies, kept for a few seconds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from flask import Flask, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from app.base.dates import local_date
from app.base.errors import NotFound
from app.base.states import N_
from app.documents import files
from app.extensions import now
from app.grants.acknowledgements import queries
from app.grants.acknowledgements.services import PICTURES
from app.grants.blueprint import bp
from app.organisation.queries import profile

KEEP_SECONDS = 5.0
PATHS = {"nl": "/steun-ons/wij-worden-gesteund-door", "en": "/en/support-us/supported-by"}
_KEY = "grants.supported_by"


@dataclass(slots=True)
class _Kept:
    """What the page was made of, its bytes, and until when (monotonic) nobody looks again."""

    of: object
    body: bytes
    until: float


@dataclass(slots=True)
class _Pages:
    kept: dict[str, _Kept] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def init_app(app: Flask) -> None:
    app.extensions[_KEY] = _Pages()


@bp.get(PATHS["nl"])
def supported_by_nl() -> ResponseReturnValue:
    """The funders that agreed to be shown, in Dutch."""
    return _answer("nl")


@bp.get(PATHS["en"])
def supported_by_en() -> ResponseReturnValue:
    """The same in English."""
    return _answer("en")


@bp.get("/steun-ons/logo/<int:document_id>")
def funder_logo(document_id: int) -> ResponseReturnValue:
    """The logo of a funder that is shown; any other file is not here."""
    found = queries.public_logo(document_id, local_date(now()))
    if found is None or found.media_type not in PICTURES:
        raise NotFound(N_("This file is not here (any more)."))
    response = Response(files.read(found.sha256), content_type=found.media_type)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _answer(language: str) -> Response:
    response = Response(_page(language), content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


def _page(language: str) -> bytes:
    pages: _Pages = current_app.extensions[_KEY]
    kept = pages.kept.get(language)
    if kept is not None and kept.until > time.monotonic():
        return kept.body
    # One visitor looks whether anything changed; the others meanwhile get the page there is.
    if pages.lock.acquire(blocking=kept is None):
        try:
            kept = pages.kept[language] = _made(language, pages.kept.get(language))
        finally:
            pages.lock.release()
    assert kept is not None  # noqa: S101 (made above, or there before)
    return kept.body


def _made(language: str, before: _Kept | None) -> _Kept:
    of = (queries.shown(local_date(now())), profile())
    until = time.monotonic() + KEEP_SECONDS
    if before is not None and before.of == of:
        return _Kept(of, before.body, until)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    other = "en" if language == "nl" else "nl"
    # In a request of its own, so that nothing of the visitor who came first ends up in it.
    with app.test_request_context(PATHS[language]):
        app.preprocess_request()
        body = render_template(
            "grants/supported_by.html", funders=of[0], profile=of[1], lang=language, elsewhere=PATHS[other],
            other=other,
        )  # fmt: skip
    return _Kept(of, body.encode(), until)
