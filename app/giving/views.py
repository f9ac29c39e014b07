"""Steun ons: the form, what happens when it is sent, and the page after it.

The form is open to everybody, needs no cookie and no session; tokens.py says why that is safe.
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from app.base.errors import DomainError, Refused, TooMany
from app.base.ids import new_id
from app.base.money import Money
from app.extensions import csrf, db, now, settings
from app.giving import again, page, tokens
from app.giving.answers import Answers, Gift, read
from app.giving.forms import drawn
from app.giving.offer import Offer
from app.payments import services as payments
from app.payments.states import Sequence
from app.ui import headers, languages
from app.ui.messages import translated

bp = Blueprint("giving", __name__)
FORM = "steun-ons"
log = logging.getLogger(__name__)
OWN_COOKIE = "gift"
OWN_SECONDS = 3600


def secret() -> str:
    return str(current_app.secret_key)


@bp.get("/steun-ons")
def form_nl() -> ResponseReturnValue:
    """Steun ons, in Dutch."""
    return _form("nl")


@bp.get("/en/support-us")
def form_en() -> ResponseReturnValue:
    """The same in English."""
    return _form("en")


@bp.post("/steun-ons")
@csrf.exempt  # type: ignore[untyped-decorator]
def give_nl() -> ResponseReturnValue:
    """A gift is sent: to the provider, or to the page that says how to transfer."""
    return _give("nl")


@bp.post("/en/support-us")
@csrf.exempt  # type: ignore[untyped-decorator]
def give_en() -> ResponseReturnValue:
    """The same in English."""
    return _give("en")


def _form(language: str) -> Response:
    if request.query_string and "again" in request.args:
        return _try_again(language, request.args["again"])
    kept = page.current(language)
    return _answer(kept.with_token(_new_token())) if kept.offer.is_open else _closed(language, 200)


def _new_token() -> str:
    return tokens.make_form_token(secret(), new_id(), now())


def _answer(body: bytes | str, status: int = 200) -> Response:
    response = Response(body, status, content_type="text/html; charset=utf-8")
    # Every answer carries its own token: no shared cache may keep it, the back button may.
    response.headers["Cache-Control"] = "private, no-cache"
    if settings().payment_provider != "demo":
        # Browsers hold the redirects after a post to the form's policy; the bank comes after the provider.
        headers.may_post_to("https:")
    return response


def _closed(language: str, status: int) -> Response:
    """Before there is an organisation that can receive anything."""
    languages.by_address()
    form = drawn({}, {}, page.current(language).offer, "")
    return _answer(page.render(language, form, page.current(language).offer), status)


def _try_again(language: str, token: str) -> Response:
    """The form once more after a payment that did not succeed, filled in as far as is safe."""
    languages.by_address()
    offered = page.current(language).offer
    typed = again.typed_before(secret(), token, request.cookies.get(OWN_COOKIE, ""), offered)
    return _answer(page.render(language, drawn(typed, {}, offered, _new_token()), offered))


def _give(language: str) -> ResponseReturnValue:
    offered = page.current(language).offer
    if not offered.is_open:
        return _closed(language, 503)
    answers = read(request.form, offered.method_names, offered.slugs, offered.recurring)
    at = now()
    try:
        token = tokens.read_form_token(secret(), request.form.get("token", ""), at)
    except tokens.ExpiredToken:
        text = _(
            "This page was open for more than a day. Everything you filled in is still here: please send it again."
        )
        return _form_again(language, answers, offered, 410, text)
    except tokens.BadToken:
        text = _(
            "We could not check where this form came from. What you filled in is still here: please send it again."
        )
        return _form_again(language, answers, offered, 400, text)
    if answers.gift is None:
        return _form_again(language, answers, offered, 422, token=request.form["token"])
    try:
        begun = payments.begin(_draft(token.checkout_id, answers.gift, offered, language), now=at)
    except Refused:
        text = _(
            "With this page you already started another gift. If you want to give this one too, look it over and"
            " send it again."
        )
        return _form_again(language, answers, offered, 409, text)
    except TooMany as error:
        return _too_many(language, answers, offered, error)
    except OperationalError as error:
        # Busy, full or away: nothing was stored. The same token makes a second try the same gift.
        log.error("a gift could not be stored: %s", type(error.orig).__name__)
        db.session.rollback()
        text = _("Giving online is not possible at this moment. Please come back later.")
        response = _form_again(language, answers, offered, 503, text, token=request.form["token"])
        response.headers["Retry-After"] = "60"
        return response
    onward = redirect(begun.url, 303)
    onward.set_cookie(
        OWN_COOKIE, tokens.make_own_token(secret(), token.checkout_id), max_age=OWN_SECONDS, httponly=True,
        secure=settings().is_https, samesite="Lax",
    )  # fmt: skip
    return onward


def _draft(checkout_id: int, gift: Gift, offered: Offer, language: str) -> payments.Draft:
    return payments.draft_checkout(
        checkout_id,
        amount=Money(gift.amount_cents),
        method=gift.method,
        provider=settings().payment_provider,
        details={
            "first_name": gift.first_name, "infix": gift.infix, "last_name": gift.last_name, "email": gift.email,
            "newsletter": gift.newsletter, "source": FORM, "frequency": gift.frequency,
        },
        sequence=Sequence.FIRST if gift.recurs else Sequence.ONE_OFF,
        language=language,
        now=now(),
        programme_id=offered.programme_id(gift.programme),
        failure_key=payments.failure_key(request.remote_addr or "", FORM),
    )  # fmt: skip


def _form_again(
    language: str, answers: Answers, offered: Offer, status: int, refusal: str = "", token: str = ""
) -> Response:
    """The form with all that was typed, what is wrong beside it, and a token that will be taken."""
    languages.by_address()
    form = drawn(answers.typed, answers.errors, offered, token or _new_token(), refusal)
    return _answer(page.render(language, form, offered), status)


def _too_many(language: str, answers: Answers, offered: Offer, error: DomainError) -> Response:
    languages.by_address()
    response = _form_again(language, answers, offered, 429, translated(error))
    response.headers["Retry-After"] = str(getattr(error, "retry_after", 600))
    return response
