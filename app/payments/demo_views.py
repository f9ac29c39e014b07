"""The demo bank's page: somebody clicks how the payment ends. Not registered in production.

It stands for another company's site, so it knows no session; its form carries no CSRF token but
is taken only from its own page (Origin).
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.base.actor import system
from app.base.ids import MAX_ID
from app.base.references import code_of
from app.extensions import csrf, db, now, writing
from app.payments.flow import reach
from app.payments.methods import label_of
from app.payments.models import Checkout
from app.payments.providers.demo import (
    FIRST_OUTCOMES,
    LATER_OUTCOMES,
    DemoOutcome,
    DemoPayment,
    decide,
    refuse_impossible,
)
from app.payments.returns import return_path
from app.payments.states import Sequence

bp = Blueprint("demo_bank", __name__)
csrf.exempt(bp)
DEMO_BANK = system("demo bank")
# Why a direct debit fails or comes back, as banks say it (DOMAIN.md 1.5).
REASONS = {DemoOutcome.FAILED: ("AM04", "AC04", "MS02", "MD07"), DemoOutcome.CHARGED_BACK: ("MD06", "MD01", "AM04")}


@bp.get("/demo-bank/<int:checkout_id>")
def show(checkout_id: int) -> ResponseReturnValue:
    """The amount, and what can be clicked now."""
    checkout = _checkout(checkout_id)
    done = db.session.get(DemoPayment, checkout_id)
    paid = done is not None and done.outcome is DemoOutcome.PAID
    outcomes: tuple[DemoOutcome, ...] = FIRST_OUTCOMES if done is None else LATER_OUTCOMES if paid else ()
    recurring = checkout.sequence is Sequence.RECURRING
    reasons = REASONS[DemoOutcome.CHARGED_BACK if paid else DemoOutcome.FAILED] if recurring and outcomes else ()
    if recurring:
        outcomes = tuple(o for o in outcomes if o in (DemoOutcome.PAID, DemoOutcome.REFUNDED))
    back = return_path(checkout_id, checkout.language)
    return render_template(
        "payments/demo_bank.html",
        checkout=checkout,
        done=done,
        outcomes=outcomes,
        reasons=reasons,
        back=back,
        code=code_of(checkout_id),
        method=label_of(checkout.method),
    )


@bp.post("/demo-bank/<int:checkout_id>")
def click(checkout_id: int) -> ResponseReturnValue:
    """The bank decides, tells us as a webhook would, and sends the donor back."""
    checkout = _checkout(checkout_id)
    origin = request.headers.get("Origin")
    if origin and origin != "null" and origin.partition("://")[2] != request.host:
        abort(403)
    status, _, reason = request.form.get("status", "").partition(":")
    outcome = {each.value: each for each in DemoOutcome}.get(status)
    if outcome is None or (reason and reason not in REASONS.get(outcome, ())):
        abort(400)
    back = return_path(checkout_id, checkout.language)
    at = now()
    with writing():
        refuse_impossible(checkout_id, outcome)
        decide(checkout_id, outcome, at=at, reason=reason or None)
    reach([checkout_id], actor=DEMO_BANK, now=at)
    return redirect(back, 303)


def _checkout(checkout_id: int) -> Checkout:
    checkout = db.session.get(Checkout, checkout_id) if checkout_id <= MAX_ID else None
    if checkout is None or checkout.provider != "demo":
        abort(404)
    return checkout
