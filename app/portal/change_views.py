"""Changing, pausing, skipping and stopping a recurring gift by its donor: in our schedule at once.

Each says the first day affected and names what is under way already. Of a gift that pays an
agreement for periodic gifts the tax consequence is told first (DOMAIN.md 4.2).
"""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.errors import DomainError, Invalid
from app.base.money import Money
from app.base.states import N_
from app.extensions import db, limits, now, writing
from app.gifts.recurring import changing, repairing, schedule
from app.gifts.recurring.effects import Effect, skippable
from app.gifts.recurring.states import CommitmentState
from app.portal import overview, telling
from app.portal.change_forms import AmountForm, DayForm, PauseForm, StopForm
from app.portal.entering import DONOR
from app.portal.forms import PlainForm
from app.portal.guard import bp, donor_only
from app.portal.sessions import Donor
from app.ui.filters import long_date, money
from app.ui.forms import Form
from app.ui.messages import translated

CHANGES, WINDOW = 40, 3600  # by one donor
LEAST = 100  # cents


@bp.get("/mijn-giften/vast/<int:commitment_id>")
@donor_only
def change_form(donor: Donor, commitment_id: int) -> ResponseReturnValue:
    """What can be changed, with the first day affected and what is under way."""
    return _page(donor, commitment_id)


def _page(donor: Donor, commitment_id: int, wrong: Form | None = None, which: str = "") -> ResponseReturnValue:
    each = overview.recurring(commitment_id, donor.id)
    forms: dict[str, Form] = {
        "amount": AmountForm(formdata=None, data={"amount": Money(each.cents)}),
        "day": DayForm(formdata=None, data={"day": each.row.day}),
        "pause": PauseForm(formdata=None, data={"until": each.row.resume_on}),
    }
    if wrong is not None:
        forms[which] = wrong
    page = render_template(
        "portal/change.html", donor=donor, each=each, forms=forms, skips=skippable(each.row, each.under_way),
        first=schedule.collect_day(changing.first_changeable(each.row, now())) if not each.is_over else None,
    )  # fmt: skip
    return (page, wrong.status) if wrong is not None else page


@bp.post("/mijn-giften/vast/<int:commitment_id>/bedrag")
@donor_only
def change_amount(donor: Donor, commitment_id: int) -> ResponseReturnValue:
    """Another amount, from the first instalment that can be announced in time."""
    form, each = AmountForm(), overview.recurring(commitment_id, donor.id)
    cents = form.amount.data.cents if form.amount.data else 0
    if form.validate() and cents < LEAST:
        form.add_error(Invalid(N_("The least that we collect is € 1."), field="amount"))
    return _change(
        donor, commitment_id, "amount", form,
        lambda: changing.change_amount(commitment_id, cents, actor=DONOR, now=now()), breaks=cents < each.cents,
    )  # fmt: skip


@bp.post("/mijn-giften/vast/<int:commitment_id>/dag")
@donor_only
def change_day(donor: Donor, commitment_id: int) -> ResponseReturnValue:
    """Another day of the month."""
    form = DayForm()
    return _change(
        donor, commitment_id, "day", form,
        lambda: changing.change_day(commitment_id, form.day.data or 0, actor=DONOR, now=now()),
    )  # fmt: skip


@bp.post("/mijn-giften/vast/<int:commitment_id>/pauze")
@donor_only
def pause(donor: Donor, commitment_id: int) -> ResponseReturnValue:
    """Collect nothing before a day."""
    form = PauseForm()
    return _change(
        donor, commitment_id, "pause", form,
        lambda: changing.pause(commitment_id, form.until.data, actor=DONOR, now=now()),  # type: ignore[arg-type]
        breaks=True,
    )  # fmt: skip


@bp.post("/mijn-giften/vast/<int:commitment_id>/overslaan")
@donor_only
def skip(donor: Donor, commitment_id: int) -> ResponseReturnValue:
    """Leave out the collection of the day that the page named, once, from however many windows."""
    seen = request.form.get("skips", "")
    return _change(
        donor, commitment_id, "skip", PlainForm(),
        lambda: changing.skip(commitment_id, seen, actor=DONOR, now=now()),
        breaks=True,
    )  # fmt: skip


@bp.post("/mijn-giften/vast/<int:commitment_id>/verder")
@donor_only
def resume(donor: Donor, commitment_id: int) -> ResponseReturnValue:
    """Go on collecting from the account that we have."""
    return _change(
        donor, commitment_id, "resume", PlainForm(), lambda: repairing.go_on(commitment_id, actor=DONOR, now=now())
    )


@bp.route("/mijn-giften/vast/<int:commitment_id>/stoppen", methods=["GET", "POST"])
@donor_only
def stop(donor: Donor, commitment_id: int) -> ResponseReturnValue:
    """Stop: what that means, and one button."""
    each, form = overview.recurring(commitment_id, donor.id), StopForm()
    form.choose()
    if each.is_over:
        return redirect(url_for("portal.home"), 303)
    if request.method == "POST" and form.validate():
        reason = form.chosen
        return _change(
            donor, commitment_id, "stop", form, lambda: changing.end(commitment_id, reason, actor=DONOR, now=now())
        )
    return render_template("portal/stop.html", donor=donor, each=each, form=form), form.status


def _change(
    donor: Donor, commitment_id: int, what: str, form: Form, change: Callable[[], Effect], *, breaks: bool = False
) -> ResponseReturnValue:
    """Do it and say what it did. `breaks`: it makes the year's amount less than agreed in a periodic agreement."""
    each = overview.recurring(commitment_id, donor.id)
    if form.has_errors or not form.validate():
        return _page(donor, commitment_id, form, what)
    if breaks and each.agreement is not None and "sure" not in request.form:
        typed = {k: v for k, v in request.form.items() if k not in ("csrf_token", "sure")}
        return render_template("portal/consequence.html", donor=donor, each=each, typed=typed, action=request.path)
    db.session.rollback()
    limits.hit("portal changes", str(donor.id), CHANGES, WINDOW)
    try:
        with writing():
            effect = change()
            telling.tell_changed(overview.recurring(commitment_id, donor.id), what, effect, donor, now=now())
    except Invalid as error:
        form.add_error(error)
        return _page(donor, commitment_id, form, what)
    except DomainError as error:
        flash(translated(error), "warn")
    else:
        flash(said(effect), "ok")
    over = overview.recurring(commitment_id, donor.id).row.state is CommitmentState.ENDED
    back = url_for("portal.home") if over else url_for("portal.change_form", commitment_id=commitment_id)
    return redirect(back, 303)


def said(effect: Effect) -> str:
    """What a change did, in a sentence or two: from when, and what it no longer touches."""
    if effect.first_on:
        text = _("Done. The first collection after this change is on %(day)s.", day=long_date(effect.first_on))
    else:
        text = _("Done. We collect nothing any more.")
    going = [_("%(amount)s on %(day)s", amount=money(c.cents), day=long_date(c.collect_on)) for c in effect.under_way]
    if going:
        text += " " + _("Already under way, and going on: %(list)s.", list=", ".join(going))
    return str(text)
