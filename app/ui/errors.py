"""Errors become pages (or JSON where that is asked): what is wrong, and where to go from here."""

from __future__ import annotations

import logging
import secrets
import time
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import HTTPException, InternalServerError

from app.base.errors import DomainError, TooMany
from app.base.states import N_
from app.extensions import db
from app.extensions.once import SentTwice
from app.ui.messages import translated

log = logging.getLogger(__name__)

# Status: (title, what it means and what to do).
PAGES = {
    400: (N_("That did not work"), N_("The request was not complete or not understood. Go back and try once more.")),
    403: (N_("You cannot go here"), N_("Your role does not allow this. Ask an administrator if you need it.")),
    404: (N_("This page is not here"), N_("The address may have been mistyped, or what it showed has moved or gone.")),
    405: (
        N_("This cannot be done here"),
        N_("The page is there, but not for this kind of request."),
    ),
    409: (N_("This cannot be done now"), N_("Something has changed in the meantime, or a rule forbids it.")),
    413: (N_("This file is too large"), N_("Choose a smaller file and try again.")),
    422: (N_("Something is not filled in right"), N_("Go back, correct what is wrong and send it again.")),
    429: (N_("Just a moment"), N_("This was tried too often in a short time. Wait a few minutes and try again.")),
    500: (N_("Something went wrong on our side"), N_("Nothing you did. We have a note of it and will look.")),
    503: (N_("Back in a moment"), N_("We are doing maintenance. Please try again in a few minutes.")),
}


def _wants_json() -> bool:
    accepted = request.accept_mimetypes
    best = accepted.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json" and accepted[best] > accepted["text/html"]


def _back() -> str:
    """Where somebody pressed a button that was refused: a page of ours, or nothing."""
    try:
        came = urlsplit(request.referrer or "")
    except ValueError:  # half an IPv6 address
        return ""
    if request.method != "POST" or came.netloc != request.host or not came.path.startswith("/"):
        return ""
    return "/" + came.path.lstrip("/") + (f"?{came.query}" if came.query else "")


def answer(status: int, message: str = "", *, reference: str = "", retry_after: int = 0) -> Response:
    """The designed page for this status; `message` replaces the general explanation."""
    title, explanation = PAGES.get(status) or PAGES[500 if status >= 500 else 400]
    explanation = message or gettext(explanation)
    if _wants_json():
        body = {"error": explanation, "status": status} | ({"reference": reference} if reference else {})
        response = jsonify(body)
    else:
        page = render_template(
            "errors/error.html",
            status=status,
            title=gettext(title),
            explanation=explanation,
            reference=reference,
            back=_back() if status < 500 else "",
        )
        response = make_response(page)
    response.status_code = status
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    response.headers["Cache-Control"] = "no-store"
    return response


def _domain(error: DomainError) -> ResponseReturnValue:
    wait = error.retry_after if isinstance(error, TooMany) else 0
    return answer(error.status, translated(error), retry_after=wait)


def _sent_twice(error: SentTwice) -> ResponseReturnValue:
    """To where the first one led; it may still be on its way to tell."""
    for _try in range(20):
        db.session.rollback()
        if location := error.location:
            flash(gettext("You sent this twice. It was done once."), "ok")
            return redirect(location, 303)
        time.sleep(0.05)
    return answer(409, gettext("You sent this twice. It was done once."))


def _csrf(error: CSRFError) -> ResponseReturnValue:
    text = gettext("The form was open too long or came from elsewhere. Go back, reload the page and send it once more.")
    return answer(400, text)


def _meant() -> str:
    """The address of a page that this one, typed from paper, was meant to be: without the stroke at its end, or in
    small letters where it holds nothing else than words. "" where there is none."""
    path = request.path.rstrip("/")
    if request.method not in ("GET", "HEAD") or request.url_rule is not None or not path.strip("/"):
        return ""
    routes = current_app.create_url_adapter(request)
    for meant in (path, path.lower()):
        try:
            _endpoint, holds = routes.match(meant, method="GET") if routes else ("", None)
        except HTTPException:
            continue
        if meant != request.path and (meant == path or not holds):
            return meant + (f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else "")
    return ""


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    if error.code == 404 and (meant := _meant()):
        return redirect(meant, 302)
    response = answer(error.code)
    if error.code == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _database(error: DatabaseError) -> ResponseReturnValue:
    """A file that is damaged, or no database at all, is away too; what else it complains of is our mistake."""
    if type(error) is not DatabaseError:
        raise error
    return _database_away(error)


# Of PostgreSQL: unique_violation, serialization_failure, deadlock_detected. Of SQLite: UNIQUE and PRIMARY KEY.
_SECOND = frozenset({"23505", "40001", "40P01", 2067, 1555})


def _came_second(error: DatabaseError) -> bool:
    """Whether somebody else did the same at the same moment and was first: a button pressed twice on PostgreSQL,
    where writers do not wait for each other. Nothing of the second was kept."""
    return {getattr(error.orig, name, None) for name in ("sqlstate", "sqlite_errorcode")} & _SECOND != set()


def _integrity(error: IntegrityError) -> ResponseReturnValue:
    if not _came_second(error):
        raise error
    log.warning("somebody else was first at %s %s", request.method, request.endpoint)
    return answer(409)


def _database_away(error: DatabaseError | NoConnectionFree) -> ResponseReturnValue:
    if isinstance(error, OperationalError) and _came_second(error):
        log.warning("somebody else was first at %s %s", request.method, request.endpoint)
        return answer(409)
    # Busy, full, read-only or out of reach. The statement stays out of the log: its values are people's.
    reference = secrets.token_hex(4).upper()
    log.error(
        "incident %s: database: %s at %s %s",
        reference,
        getattr(error, "orig", "no connection is free"),
        request.method,
        request.endpoint,
    )
    try:
        return answer(503, reference=reference, retry_after=60)
    except Exception:
        log.error("incident %s: the error page failed too", reference)
        return f"503 {reference}", 503, {"Content-Type": "text/plain; charset=utf-8", "Retry-After": "60"}


def _unexpected(error: InternalServerError) -> ResponseReturnValue:
    # The reference ties the page a person shows us to one line of the log; Flask logged the traceback.
    reference = secrets.token_hex(4).upper()
    cause = type(error.original_exception).__name__ if error.original_exception else "abort"
    log.error("incident %s: %s at %s %s", reference, cause, request.method, request.endpoint)
    try:
        return answer(500, reference=reference)
    except Exception:
        log.exception("incident %s: the error page failed too", reference)
        return f"500 {reference}", 500, {"Content-Type": "text/plain; charset=utf-8"}


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(SentTwice, _sent_twice)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(IntegrityError, _integrity)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(DatabaseError, _database)
    app.register_error_handler(NoConnectionFree, _database_away)
    app.register_error_handler(InternalServerError, _unexpected)
