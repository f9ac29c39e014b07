"""Finance enters and takes back by hand."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.money import Money
from app.extensions import now, writing
from app.gifts import by_hand, services
from app.gifts.donors import Giver, find_or_create
from app.gifts.forms import GiftForm, NewDonorForm, ReceiveForm
from app.gifts.models import BANK_TRANSFER
from app.gifts.views import bp
from app.supporters import queries as supporters
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires


def _shown(gift_id: int) -> ResponseReturnValue:
    return redirect(url_for("gifts.show", gift_id=gift_id), 303)


@bp.get("/gifts/<int:gift_id>/receive")
@requires(Permission.FINANCE_WRITE)
def receive_form(gift_id: int) -> ResponseReturnValue:
    """The form for a promised transfer that came in."""
    gift = by_hand.load(gift_id)
    form = ReceiveForm(data={"amount": Money(gift.amount_cents), "received_on": local_date(now())})
    return render_template("gifts/receive.html", form=form, gift=gift)


@bp.post("/gifts/<int:gift_id>/receive")
@requires(Permission.FINANCE_WRITE)
def receive(gift_id: int) -> ResponseReturnValue:
    """Record that the transfer came in, with the amount that really came."""
    gift = by_hand.load(gift_id)
    form = ReceiveForm()
    amount, day = form.amount.data, form.received_on.data
    if form.validate() and amount and day:
        try:
            with writing():
                by_hand.receive(
                    gift_id, amount=amount, received_on=day, bank_reference=form.bank_reference.data or "",
                    actor=current_user.actor, now=now(),
                )  # fmt: skip
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Recorded as received. The thank-you mail is on its way."), "ok")
            return _shown(gift_id)
    return render_template("gifts/receive.html", form=form, gift=gift), form.status


@bp.post("/gifts/<int:gift_id>/undo")
@requires(Permission.FINANCE_WRITE)
def undo(gift_id: int) -> ResponseReturnValue:
    """Take back what was entered by hand; the booking is reversed."""
    with writing():
        by_hand.undo(gift_id, actor=current_user.actor, now=now())
    flash(_("Undone. The booking was reversed."), "ok")
    return _shown(gift_id)


@bp.post("/gifts/<int:gift_id>/cancel")
@requires(Permission.FINANCE_WRITE)
def cancel(gift_id: int) -> ResponseReturnValue:
    """Expect a promise no longer."""
    with writing():
        services.cancel([gift_id], actor=current_user.actor, now=now())
    flash(_("We do not wait for this gift any more."), "ok")
    return _shown(gift_id)


@bp.post("/gifts/<int:gift_id>/reopen")
@requires(Permission.FINANCE_WRITE)
def reopen(gift_id: int) -> ResponseReturnValue:
    """Expect a promise again."""
    with writing():
        services.reopen([gift_id], actor=current_user.actor, now=now())
    flash(_("We wait for this gift again."), "ok")
    return _shown(gift_id)


@bp.get("/gifts/new")
@requires(Permission.FINANCE_WRITE)
def enter_form() -> ResponseReturnValue:
    """The form for a gift that came by transfer or in cash; `supporter` names who gave it."""
    form, supporter_id = _form(fresh=True)
    return _page(form, supporter_id)


@bp.post("/gifts/new")
@requires(Permission.FINANCE_WRITE)
def enter() -> ResponseReturnValue:
    """Enter that gift and book it."""
    form, supporter_id = _form(fresh=False)
    amount, day = form.amount.data, form.given_on.data
    if form.validate() and amount and day:
        try:
            with writing():
                gift_id = by_hand.enter(
                    supporter_id if supporter_id is not None else _donor(form), amount=amount,
                    given_on=day, method=form.method.data,
                    programme_id=int(form.programme_id.data) if form.programme_id.data else None,
                    campaign_id=int(form.campaign_id.data) if form.campaign_id.data else None,
                    bank_reference=form.bank_reference.data or "", actor=current_user.actor, now=now(),
                )  # fmt: skip
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("The gift is entered and booked."), "ok")
            return _shown(gift_id)
    return _page(form, supporter_id)


def _form(*, fresh: bool) -> tuple[GiftForm | NewDonorForm, int | None]:
    supporter_id = lists.row_id("supporter")
    if supporter_id is not None:
        supporters.get(supporter_id)
    start = {"given_on": local_date(now()), "method": BANK_TRANSFER, "programme_id": "", "campaign_id": ""}
    kind = GiftForm if supporter_id is not None else NewDonorForm
    form = kind(formdata=None, data=start) if fresh else kind()
    form.choose()
    return form, supporter_id


def _page(form: GiftForm | NewDonorForm, supporter_id: int | None) -> ResponseReturnValue:
    donor = supporters.get(supporter_id).display_name if supporter_id is not None else None
    page = render_template(
        "gifts/new.html", form=form, donor=donor, supporter_id=supporter_id,
        action=url_for("gifts.enter", supporter=supporter_id) if supporter_id is not None else url_for("gifts.enter"),
    )  # fmt: skip
    return page, form.status if request.method == "POST" else 200


def _donor(form: GiftForm | NewDonorForm) -> int:
    """Who gave it: somebody known by the same address and name, else new."""
    assert isinstance(form, NewDonorForm)
    giver = Giver(
        form.first_name.data or "", form.infix.data or "", form.last_name.data or "", form.email.data or "",
        language(), by_hand.MANUAL,
    )  # fmt: skip
    return find_or_create([giver], actor=current_user.actor, now=now())[0]
