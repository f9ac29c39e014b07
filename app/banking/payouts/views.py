"""Pages of payouts: the list, one with its sums and what is missing, files, and what stands on clearing."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from app.banking.forms import PayoutFileForm
from app.banking.matching.payouts import on_bank
from app.banking.payouts import asking, mollie_file, queries, taking
from app.banking.payouts.models import Payout, PayoutOrigin
from app.banking.payouts.taking import Taken
from app.banking.views import bp
from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.extensions import now, writing
from app.payments.methods import label_of
from app.payments.providers import settlements
from app.payments.providers.base import ProviderRefused, ProviderUnsure, UnknownPayment
from app.ui import lists
from app.ui.permissions import Permission, requires

SORTS = {"date": lists.Sort(N_("Paid out on"), (lists.desc(Payout.settled_on),))}


@bp.get("/bank/payouts")
@requires(Permission.BANK_READ)
def payouts() -> ResponseReturnValue:
    page = lists.page(queries.payouts(), SORTS, key=Payout.id, default="date")
    ids = [row.id for row in page.rows]
    return render_template(
        "banking/payouts.html", page=page, came=on_bank(ids), open=queries.open_parts(ids),
        may_ask=settlements.source() is not None,
    )  # fmt: skip


@bp.get("/bank/payouts/<int:payout_id>")
@requires(Permission.BANK_READ)
def payout(payout_id: int) -> ResponseReturnValue:
    row = queries.payout(payout_id)
    if row is None:
        raise NotFound(N_("This payout is not here."))
    found = queries.whole(row)
    return render_template(
        "banking/payout.html", found=found, row=row, matches=queries.bank_lines(payout_id), shown=queries.SHOWN,
        left_outside=taking.LEFT_OUTSIDE,
    )  # fmt: skip


@bp.route("/bank/payouts/import", methods=["GET", "POST"])
@requires(Permission.BANK_WRITE)
def bring_payouts() -> ResponseReturnValue:
    """Payouts from the provider's export file."""
    form = PayoutFileForm()
    if form.validate_on_submit():
        upload = request.files.get("file")
        try:
            if upload is None or not upload.filename:
                raise Invalid(N_("Choose a file first."), field="file")
            told = mollie_file.read(upload.stream.read(mollie_file.MAX_BYTES + 1))
        except Invalid as error:
            form.add_error(error)
        else:
            return _taken(taking.take(told, PayoutOrigin.FILE, actor=current_user.actor, now=now()), len(told) == 1)
    return render_template("banking/payouts_import.html", form=form), form.status


@bp.post("/bank/payouts/ask")
@requires(Permission.BANK_WRITE)
def ask_payouts() -> ResponseReturnValue:
    try:
        done = asking.ask(actor=current_user.actor, now=now())
    except (ProviderUnsure, UnknownPayment):
        flash(_("Mollie gave no answer. It is asked again tomorrow morning, or try it again now."), "danger")
    except ProviderRefused as error:
        flash(
            _("Mollie refused: %(said)s. Look whether the organisation token still holds.", said=str(error)), "danger"
        )
    else:
        if done is not None:
            return _taken(done, one=False)
    return redirect(url_for("banking.payouts"), 303)


def _taken(done: Taken, one: bool) -> ResponseReturnValue:
    flash(ngettext("%(num)d new payout.", "%(num)d new payouts.", done.new), "ok" if done.new else "info")
    if done.other:
        flash(
            _("%(references)s is here already with another net amount. Nothing was changed: undo the payout and bring "
              "it in again if this one is right.", references=", ".join(done.other)), "danger",
        )  # fmt: skip
    elif done.known:
        flash(ngettext("%(num)d payout was here already.", "%(num)d payouts were here already.", done.known), "info")
    if one and done.last_id:
        return redirect(url_for("banking.payout", payout_id=done.last_id), 303)
    return redirect(url_for("banking.payouts"), 303)


@bp.post("/bank/payouts/<int:payout_id>/book")
@requires(Permission.BANK_WRITE)
def book_payout(payout_id: int) -> ResponseReturnValue:
    with writing():
        taking.book_waiting(payout_id, later=True, actor=current_user.actor, now=now())
    flash(_("The payout is booked."), "ok")
    return redirect(url_for("banking.payout", payout_id=payout_id), 303)


@bp.post("/bank/payouts/<int:payout_id>/undo")
@requires(Permission.BANK_WRITE)
def undo_payout(payout_id: int) -> ResponseReturnValue:
    with writing():
        taking.undo(payout_id, actor=current_user.actor, now=now())
    flash(_("The payout is undone: what was booked of it is reversed."), "ok")
    return redirect(url_for("banking.payout", payout_id=payout_id), 303)


@bp.post("/bank/payouts/parts/<int:part_id>/outside")
@requires(Permission.BANK_WRITE)
def part_outside(part_id: int) -> ResponseReturnValue:
    """Leave a part to the accounting package, or take that back."""
    outside = request.form.get("outside") == "y"
    with writing():
        payout_id = taking.leave_outside(part_id, outside, actor=current_user.actor, now=now())
    return redirect(url_for("banking.payout", payout_id=payout_id), 303)


@bp.get("/bank/clearing")
@requires(Permission.BANK_READ)
def clearing() -> ResponseReturnValue:
    """What stands on clearing with providers, and why."""
    return render_template(
        "banking/clearing.html",
        found=queries.clearing(),
        others=queries.others(),
        shown=queries.SHOWN,
        label_of=label_of,
    )
