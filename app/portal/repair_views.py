"""Putting a recurring gift in order: pay now with another account or card, or let us try once more.

The link from the mail opens this for one recurring gift until it is in order. It shows an amount and
why collecting failed, no name, address or account. "Changed" is said after the provider confirmed.
"""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import HiddenField, RadioField
from wtforms.validators import InputRequired

from app.base.errors import Invalid, NotFound, Refused, TooMany
from app.base.ids import new_id
from app.base.money import Money
from app.base.states import N_
from app.direct_debit.reasons import reason_of
from app.extensions import db, limits, now, settings, writing
from app.gifts.recurring import repair, repairing
from app.gifts.recurring.states import CommitmentState
from app.giving import results, tokens
from app.links import services as links
from app.payments import services as payments
from app.payments.returns import register_own
from app.payments.states import Sequence
from app.portal import overview
from app.portal.change_views import said
from app.portal.entering import DONOR
from app.portal.forms import PlainForm
from app.portal.guard import bp, donor_only, spoken
from app.portal.overview import Recurring
from app.portal.sessions import Donor
from app.ui import headers
from app.ui.forms import Form
from app.ui.messages import translated

GUESSES, WINDOW = 20, 600
SOURCE = "mijn-giften"
WHY = {
    "account": N_("The account number that we have does not exist."),
    "closed": N_("The account that we have is closed."),
    "blocked": N_("Your bank does not let our collections pass for this account."),
    "forbidden": N_("Nothing can be collected from this kind of account."),
    "money": N_("There was not enough money in the account on that day."),
    "taken_back": N_("You had it paid back by your bank."),
    "refused": N_("Your bank did not collect it, because you asked it not to."),
    "mandate": N_("Your bank paid it back to you, because you gave no permission."),
}


class PayForm(Form):
    """How to pay now. The token makes a form that is sent twice one payment."""

    token = HiddenField()
    method = RadioField(validators=[InputRequired()])


@bp.route("/mijn-giften/herstel/<token>", methods=["GET", "POST"])
def mend(token: str) -> ResponseReturnValue:
    """Behind the link in the mail about a failed collection."""
    each = _behind(token)
    with spoken(each.row.language):
        return _mend(each, url_for("portal.mend", token=token), url_for("portal.try_again", token=token))


@bp.route("/mijn-giften/vast/<int:commitment_id>/rekening", methods=["GET", "POST"])
@donor_only
def change_account(donor: Donor, commitment_id: int) -> ResponseReturnValue:
    """The same for who is on their own page: also where nothing failed."""
    each = overview.recurring(commitment_id, donor.id)
    if each.is_over:
        return redirect(url_for("portal.home"), 303)
    here = url_for("portal.change_account", commitment_id=commitment_id)
    return _mend(each, here, url_for("portal.resume", commitment_id=commitment_id))


@bp.post("/mijn-giften/herstel/<token>/opnieuw")
def try_again(token: str) -> ResponseReturnValue:
    """Collect again from the account that we have."""
    each = _behind(token)
    commitment_id = each.row.id
    with spoken(each.row.language):
        if not PlainForm().validate():
            return redirect(url_for("portal.mend", token=token), 303)
        try:
            with writing():
                effect = repairing.go_on(commitment_id, actor=DONOR, now=now())
        except Refused as error:
            flash(translated(error), "warn")
            return redirect(url_for("portal.mend", token=token), 303)
        return render_template("portal/mended.html", text=said(effect), stand="done")


def _behind(token: str) -> Recurring:
    """The recurring gift behind the link. Guessing is counted: it ends soon."""
    limits.check("portal guess", limits.visitor(), GUESSES, WINDOW)
    try:
        commitment_id = links.look(repair.PURPOSE, token, now=now()).subject_id
        each = overview.one(commitment_id)
        if each.is_over:
            raise NotFound(N_("This recurring gift was stopped, so there is nothing to put in order."))
        return each
    except NotFound:
        db.session.rollback()
        limits.hit("portal guess", limits.visitor(), GUESSES, WINDOW)
        raise


def _mend(each: Recurring, here: str, again: str) -> ResponseReturnValue:
    failed = repairing.failed_of(each.row.id)
    cents = failed.amount_cents if failed else each.cents
    collection_id, code = (failed.id, failed.reason_code) if failed else (None, None)
    waits = repairing.waiting_of(each.row.id)
    methods = [(m.id, _(m.label)) for m in payments.methods_offered() if m.starts_recurring and m.takes(cents)]
    form = PayForm()
    form.method.label.text = _("How do you want to pay?")
    form.method.choices = methods
    headers.may_pay()
    status = 0
    if request.method == "POST" and waits is None and form.validate():
        try:
            return redirect(_begin(each, cents, collection_id, form), 303)
        except tokens.BadToken:
            form.add_error(Invalid(N_("This page was open for long. Please send it once more.")))
        except (Refused, TooMany) as error:
            form.add_error(error)
            status = error.status
    form.token.data = tokens.make_form_token(str(current_app.secret_key), new_id(), now())
    on_hold = each.row.state is CommitmentState.ON_HOLD
    page = render_template(
        "portal/mend.html", each=each, form=form, here=here, again=again if on_hold and each.can_go_on else "",
        cents=cents, failed=collection_id is not None, why=WHY.get(reason_of(code).mail or "", "") if code else "",
        waits=waits, methods=methods,
    )  # fmt: skip
    return page, status or form.status


def _begin(each: Recurring, cents: int, collection_id: int | None, form: PayForm) -> str:
    """Start the payment; where the donor goes."""
    token = tokens.read_form_token(str(current_app.secret_key), form.token.data or "", now())
    commitment_id, supporter_id, at = each.row.id, each.row.supporter_id, now()
    draft = payments.draft_checkout(
        token.checkout_id, amount=Money(cents), method=form.method.data, provider=settings().payment_provider,
        details={"supporter_id": str(supporter_id), "source": SOURCE}, language=each.row.language, now=at,
        programme_id=each.row.programme_id, sequence=Sequence.FIRST,
        failure_key=payments.failure_key(limits.visitor(), SOURCE),
    )  # fmt: skip
    return payments.begin(
        draft, now=at, alongside=lambda: repairing.note(token.checkout_id, commitment_id, collection_id, now=at)
    ).url


@bp.get("/mijn-giften/betaling/<token>")
def mended(token: str) -> ResponseReturnValue:
    """What became of the payment, as the provider confirmed it: nothing personal, so no session."""
    try:
        checkout_id = tokens.read_result_token(str(current_app.secret_key), token)
    except tokens.BadToken:
        raise NotFound(N_("This page is not here any more.")) from None
    results.result_of(checkout_id, now=now())  # asks the provider while it is unfinished
    found = repairing.standing(checkout_id)
    if found is None:
        raise NotFound(N_("This page is not here any more."))
    each, stand = overview.one(found[0].commitment_id), found[1]
    with spoken(each.row.language):
        return render_template("portal/mended.html", text="", stand=stand.value, each=each)


def path_of(checkout_id: int, language: str) -> str | None:
    """The page above for checkouts that mend a recurring gift."""
    if repairing.standing(checkout_id) is None:
        return None
    return url_for("portal.mended", token=tokens.make_result_token(str(current_app.secret_key), checkout_id))


def init() -> None:
    """Failure mails carry the link from now on, and such payments lead back here."""
    repair.register(lambda token, _language: f"/mijn-giften/herstel/{token}")
    register_own(path_of)
