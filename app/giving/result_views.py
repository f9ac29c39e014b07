"""The page after a gift: `/steun-ons/bedankt/<token>`. It tells what is true now."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import now
from app.giving import by_mandate, results, tokens
from app.giving.views import bp, secret
from app.organisation.queries import profile
from app.payments.returns import own_page, register
from app.ui import languages

_GONE = N_("This page is not here any more. Did you want to give? You can start again on the Support us page.")


@bp.get("/steun-ons/bedankt/<token>")
def result_nl(token: str) -> ResponseReturnValue:
    """What became of a gift, in Dutch."""
    return _result(token, "nl")


@bp.get("/en/support-us/thank-you/<token>")
def result_en(token: str) -> ResponseReturnValue:
    """The same in English."""
    return _result(token, "en")


def path_of(checkout_id: int, language: str) -> str:
    """The address of this checkout's result page, for the provider to send the donor back to."""
    token = tokens.make_result_token(secret(), checkout_id)
    return ("/en/support-us/thank-you/" if language == "en" else "/steun-ons/bedankt/") + token


def init() -> None:
    register(path_of)


def _result(token: str, language: str) -> ResponseReturnValue:
    languages.by_address()
    try:
        checkout_id = tokens.read_result_token(secret(), token)
    except tokens.BadToken:
        raise NotFound(_GONE) from None
    at = now()
    result = results.result_of(checkout_id, now=at)
    if result is not None and (own := own_page(checkout_id, language)) is not None:
        return redirect(own, 303)
    who = profile()
    other = "en" if language == "nl" else "nl"
    mine = url_for("portal.ask_form_en" if language == "en" else "portal.home")
    if result is None:
        promise = by_mandate.promise_of(checkout_id)
        if promise is None:
            raise NotFound(_GONE)
        page = render_template(
            "giving/mandate.html", promise=promise, profile=who, other=other, elsewhere=path_of(checkout_id, other),
            mine=mine,
        )  # fmt: skip
        return _apart(page)
    page = render_template(
        "giving/result.html", title=result.title, kind=result.kind, reason=result.reason, amount=result.amount_cents,
        frequency=result.frequency, next_on=result.next_on, notice_days=who.notice_days,
        facts=results.facts(result, who, language), qr=results.transfer_code(result, who), pay_url=result.pay_url,
        again=url_for(f"giving.form_{language}", again=token), refresh=result.refresh_seconds(at), profile=who,
        other=other, elsewhere=path_of(checkout_id, other), mine=mine,
    )  # fmt: skip
    return _apart(page)


def _apart(page: str) -> Response:
    """Neither kept, nor found by search engines, nor told to the next site."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
