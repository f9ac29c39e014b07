"""Steun ons: the form, what happens when it is sent, and the page after it.

The form is open to everybody, needs no cookie and no session; tokens.py says why that is safe.
"""

from __future__ import annotations

import logging
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from app.base.errors import DomainError, Refused, TooMany
from app.base.ids import new_id
from app.base.money import Money
from app.extensions import csrf, db, limits, now, settings
from app.giving import again, by_mandate, floods, page, sources, tokens
from app.giving.answers import DIRECT_DEBIT, Answers, Gift, read
from app.giving.appeals import campaign_slug
from app.giving.forms import drawn
from app.giving.offer import Offer
from app.giving.places import Place
from app.payments import services as payments
from app.payments.providers.registry import BANK_TRANSFER
from app.payments.returns import return_path
from app.payments.states import Sequence
from app.ui import headers, languages
from app.ui.messages import translated

bp = Blueprint("giving", __name__)
log = logging.getLogger(__name__)
OWN_COOKIE = "gift"
OWN_SECONDS = 3600


def secret() -> str:
    return str(current_app.secret_key)


@bp.get("/steun-ons")
def form_nl() -> ResponseReturnValue:
    """Steun ons, in Dutch."""
    return _form(Place("nl"))


@bp.get("/en/support-us")
def form_en() -> ResponseReturnValue:
    """The same in English."""
    return _form(Place("en"))


@bp.post("/steun-ons")
@csrf.exempt  # type: ignore[untyped-decorator]
def give_nl() -> ResponseReturnValue:
    """A gift is sent: to the provider, or to the page that says how to transfer."""
    return _give(Place("nl"))


@bp.post("/en/support-us")
@csrf.exempt  # type: ignore[untyped-decorator]
def give_en() -> ResponseReturnValue:
    """The same in English."""
    return _give(Place("en"))


@bp.get("/steun-ons/actie/<slug>")
def campaign_nl(slug: str) -> ResponseReturnValue:
    """The page of a campaign, in Dutch."""
    return _form(Place("nl", slug))


@bp.get("/en/support-us/campaign/<slug>")
def campaign_en(slug: str) -> ResponseReturnValue:
    """The same in English."""
    return _form(Place("en", slug))


@bp.post("/steun-ons/actie/<slug>")
@csrf.exempt  # type: ignore[untyped-decorator]
def give_to_campaign_nl(slug: str) -> ResponseReturnValue:
    """A gift to a campaign is sent."""
    return _give(Place("nl", slug))


@bp.post("/en/support-us/campaign/<slug>")
@csrf.exempt  # type: ignore[untyped-decorator]
def give_to_campaign_en(slug: str) -> ResponseReturnValue:
    """The same in English."""
    return _give(Place("en", slug))


@bp.get("/steun-ons/inbedden", defaults={"slug": ""})
@bp.get("/steun-ons/inbedden/<slug>")
def framed_nl(slug: str) -> ResponseReturnValue:
    """The form for a frame on another site, in Dutch: without script and without cookie."""
    return _form(Place("nl", slug, framed=True))


@bp.get("/en/support-us/embed", defaults={"slug": ""})
@bp.get("/en/support-us/embed/<slug>")
def framed_en(slug: str) -> ResponseReturnValue:
    """The same in English."""
    return _form(Place("en", slug, framed=True))


def _form(place: Place) -> ResponseReturnValue:
    if place.framed:
        headers.frameable()
    code = ""
    if request.query_string:
        if "again" in request.args and not place.framed:
            return _try_again(place, request.args["again"])
        code = sources.code_in(request.args)
    kept = page.current(place)
    if not kept.offer.is_open:
        return _closed(place, 200)
    return _answer(kept.with_token(_new_token(), code))


def _new_token() -> str:
    return tokens.make_form_token(secret(), new_id(), now())


def _answer(body: bytes | str, status: int = 200) -> Response:
    response = Response(body, status, content_type="text/html; charset=utf-8")
    # Every answer carries its own token: no shared cache may keep it, the back button may.
    response.headers["Cache-Control"] = "private, no-cache"
    headers.may_pay()
    return response


def _closed(place: Place, status: int) -> Response:
    """Before there is an organisation that can receive anything, or after a campaign."""
    languages.by_address()
    offered = page.current(place).offer
    return _answer(page.render(place, drawn({}, {}, offered, ""), offered), status)


def _try_again(place: Place, token: str) -> ResponseReturnValue:
    """The form once more after a payment that did not succeed, filled in as far as is safe."""
    languages.by_address()
    if not place.slug and (slug := campaign_slug(again.campaign_of(secret(), token))):
        return redirect(f"{Place(place.language, slug).path}?{urlencode({'again': token})}")
    offered = page.current(place).offer
    if not offered.is_open:
        return _closed(place, 200)
    typed = again.typed_before(secret(), token, request.cookies.get(OWN_COOKIE, ""), offered)
    form = drawn(typed, {}, offered, _new_token(), source=again.source_of(secret(), token))
    return _answer(page.render(place, form, offered))


def _give(place: Place) -> ResponseReturnValue:
    offered = page.current(place).offer
    refusal = ""
    if not offered.is_open:
        if not place.slug or not page.current(place.general).offer.is_open:
            return _closed(place, 503)
        # The campaign ended while the form was open: what was typed goes on to Steun ons itself.
        place = place.general
        offered = page.current(place).offer
        languages.by_address()
        refusal = _(
            "This campaign has ended. What you filled in is still here: if you send it again, your gift goes to our"
            " other work."
        )
    form = request.form
    answers = read(
        form, offered.method_names, offered.slugs, offered.recurring, offered.presets_cents, offered.costs_cents,
        offered.check_bounds,
    )  # fmt: skip
    if refusal:
        return _form_again(place, answers, offered, 409, refusal)
    at = now()
    try:
        token = tokens.read_form_token(secret(), form.get("token", ""), at)
    except tokens.ExpiredToken:
        text = _(
            "This page was open for more than a day. Everything you filled in is still here: please send it again."
        )
        return _form_again(place, answers, offered, 410, text)
    except tokens.BadToken:
        text = _(
            "We could not check where this form came from. What you filled in is still here: please send it again."
        )
        return _form_again(place, answers, offered, 400, text)
    if answers.gift is None:
        return _form_again(place, answers, offered, 422, token=form["token"])
    try:
        url = _begun(token.checkout_id, answers.gift, offered, place, at)
    except Refused:
        text = _(
            "With this page you already started another gift. If you want to give this one too, look it over and"
            " send it again."
        )
        return _form_again(place, answers, offered, 409, text)
    except TooMany as error:
        return _too_many(place, answers, offered, error)
    except OperationalError as error:
        # Busy, full or away: nothing was stored. The same token makes a second try the same gift.
        log.error("a gift could not be stored: %s", type(error.orig).__name__)
        db.session.rollback()
        text = _("Giving online is not possible at this moment. Please come back later.")
        response = _form_again(place, answers, offered, 503, text, token=form["token"])
        response.headers["Retry-After"] = "60"
        return response
    onward = redirect(url, 303)
    onward.set_cookie(
        OWN_COOKIE, tokens.make_own_token(secret(), token.checkout_id), max_age=OWN_SECONDS, httponly=True,
        secure=settings().is_https, samesite="Lax",
    )  # fmt: skip
    return onward


def _begun(row_id: int, gift: Gift, offered: Offer, place: Place, at: datetime) -> str:
    """Where the donor goes now."""
    if gift.method == BANK_TRANSFER:
        floods.stop(floods.TRANSFERS, gift.email.casefold(), visitor=limits.visitor(), at=at)
    if gift.method != DIRECT_DEBIT:
        return payments.begin(_draft(row_id, gift, offered, place), now=at).url
    floods.stop(floods.MANDATES, gift.iban, visitor=limits.visitor(), at=at)
    languages.by_address()
    source = sources.sent(request.form.get("source", "")) or offered.source
    by_mandate.begin(row_id, gift, offered, place, source=source, at=at)
    return return_path(row_id, place.language)


def _draft(checkout_id: int, gift: Gift, offered: Offer, place: Place) -> payments.Draft:
    return payments.draft_checkout(
        checkout_id,
        amount=Money(gift.amount_cents),
        method=gift.method,
        provider=settings().payment_provider,
        details=_details(gift, sources.sent(request.form.get("source", "")) or offered.source),
        sequence=Sequence.FIRST if gift.recurs else Sequence.ONE_OFF,
        language=place.language,
        now=now(),
        programme_id=offered.programme_id(gift.programme),
        campaign_id=offered.appeal.id if offered.appeal else None,
        failure_key=payments.failure_key(limits.visitor(), place.form),
    )


def _details(gift: Gift, source: str) -> dict[str, object]:
    """What was typed, as the checkout keeps it: what was left out takes no room."""
    details: dict[str, object] = {
        "first_name": gift.first_name, "infix": gift.infix, "last_name": gift.last_name, "email": gift.email,
        "newsletter": gift.newsletter, "source": source, "frequency": gift.frequency,
    }  # fmt: skip
    for name in ("organisation", "message", "tribute", "tribute_name", "covered_cents", "day"):
        if value := getattr(gift, name):
            details[name] = value
    return details


def _form_again(
    place: Place, answers: Answers, offered: Offer, status: int, refusal: str = "", token: str = ""
) -> Response:
    """The form with all that was typed, what is wrong beside it, and a token that will be taken."""
    languages.by_address()
    source = sources.sent(request.form.get("source", ""))
    form = drawn(answers.typed, answers.errors, offered, token or _new_token(), refusal, source)
    return _answer(page.render(place, form, offered), status)


def _too_many(place: Place, answers: Answers, offered: Offer, error: DomainError) -> Response:
    languages.by_address()
    response = _form_again(place, answers, offered, 429, translated(error))
    response.headers["Retry-After"] = str(getattr(error, "retry_after", 600))
    return response
