"""What an ANBI publishes, for everybody: the newest year or a chosen one, as page and as PDF. Without cookies; made
once for each version and kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, Response, abort, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.dates import local_date
from app.extensions import db
from app.finance.anbi.content import content_of, published, versions
from app.finance.anbi.lines import NOTES, TOLD
from app.finance.anbi.models import Publication, PublicationState
from app.finance.anbi.report import balance, identity, no_costs, report, statement
from app.finance.reports.files import as_pdf, shown
from app.finance.views import bp
from app.organisation.queries import Profile, profile

KEEP_SECONDS = 5.0
PATHS = {"nl": "/anbi", "en": "/en/anbi"}
MOST_KEPT = 60  # pages and papers: ten years in two languages, and room
_KEY = "finance.anbi"


@dataclass(slots=True)
class _Kept:
    """What it was made of, its bytes, and until when (monotonic) nobody looks again."""

    of: object
    body: bytes
    until: float


@dataclass(slots=True)
class _Pages:
    kept: dict[tuple[str, int | None, str], _Kept] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def init_app(app: Flask) -> None:
    app.extensions[_KEY] = _Pages()


@bp.get(PATHS["nl"])
def anbi_nl() -> ResponseReturnValue:
    """The newest publication, in Dutch."""
    return _page("nl", None)


@bp.get(PATHS["en"])
def anbi_en() -> ResponseReturnValue:
    """The same in English."""
    return _page("en", None)


@bp.get(PATHS["nl"] + "/<int:year>")
def anbi_of_year_nl(year: int) -> ResponseReturnValue:
    """The publication of a fiscal year, in Dutch."""
    return _page("nl", year)


@bp.get(PATHS["en"] + "/<int:year>")
def anbi_of_year_en(year: int) -> ResponseReturnValue:
    """The same in English."""
    return _page("en", year)


@bp.get(PATHS["nl"] + "/<int:year>.pdf")
def anbi_paper_nl(year: int) -> ResponseReturnValue:
    """It on paper, in Dutch."""
    return _paper("nl", year)


@bp.get(PATHS["en"] + "/<int:year>.pdf")
def anbi_paper_en(year: int) -> ResponseReturnValue:
    """The same in English."""
    return _paper("en", year)


def _page(language: str, year: int | None) -> Response:
    return _answer(_kept((language, year, "html"), _html), "text/html; charset=utf-8")


def _paper(language: str, year: int) -> Response:
    response = _answer(_kept((language, year, "pdf"), _pdf), "application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="anbi-{year}.pdf"'
    return response


def _answer(body: bytes, media_type: str) -> Response:
    response = Response(body, content_type=media_type)
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


Maker = Callable[[str, Publication | None, Profile], bytes]


def _kept(key: tuple[str, int | None, str], make: Maker) -> bytes:
    """The bytes for this key: looked up again after a few seconds, made again only where something changed."""
    pages: _Pages = current_app.extensions[_KEY]
    known = pages.kept.get(key)
    if known is not None and known.until > time.monotonic():
        return known.body
    language, year, _form = key
    row = published(year)
    if row is None and (year is not None or not profile().anbi):
        abort(404)
    of = (row.id if row else None, profile(), _years())
    until = time.monotonic() + KEEP_SECONDS
    if known is None or known.of != of:
        # One at a time, so that many visitors at once cost no more than one.
        with pages.lock:
            known = pages.kept.get(key)
            if known is None or known.of != of:
                known = _Kept(of, make(language, row, profile()), until)
    if len(pages.kept) >= MOST_KEPT and key not in pages.kept:
        pages.kept.clear()
    pages.kept[key] = _Kept(of, known.body, until)
    return known.body


def _years() -> tuple[int, ...]:
    return tuple(row.year for row in versions() if row.state is PublicationState.PUBLISHED)


def _html(language: str, row: Publication | None, who: Profile) -> bytes:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    other = "en" if language == "nl" else "nl"
    path = f"/{row.year}" if row and request.view_args else ""
    found = content_of(row) if row else None
    years = _years()
    # In a request of its own, so that nothing of the visitor who came first ends up in it.
    with app.test_request_context(PATHS[language]):
        app.preprocess_request()
        told = [
            (told, *found.text(told.name, language)) for told in TOLD if found and found.text(told.name, language)[0]
        ]
        short = [(_(part.label), text) for part, text, _lang in told if not (part.long or part.link)]
        facts = {
            "shown": found, "profile": who, "lang": language, "other": other,
            "elsewhere": PATHS[other] + path, "facts": [*identity(found), *short] if found else [],
            "told": [part for part in told if part[0].name not in NOTES and (part[0].long or part[0].link)],
            "notes": {part.name: (text, spoken) for part, text, spoken in told if part.name in NOTES},
            "tables": [("note_balance", balance(found, language)), ("note_statement", statement(found, language))]
            if found else [],
            "missing": no_costs(found) if found else [], "cell": lambda value, kind: shown(value, kind, language),
            "years": [(y, f"{PATHS[language]}/{y}") for y in years],
            "paper": url_for(f"finance.anbi_paper_{language}", year=row.year) if row else "",
        }  # fmt: skip
        return render_template("finance/anbi/public.html", **facts).encode()


def _pdf(language: str, row: Publication | None, who: Profile) -> bytes:
    assert row is not None  # noqa: S101 (a paper is of a year, and that was found)
    found = content_of(row)
    made = local_date(row.published_at or row.changed_at)
    db.session.rollback()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.test_request_context(PATHS[language]):
        app.preprocess_request()
        return as_pdf(report(found, language), made, language)
