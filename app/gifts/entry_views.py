"""Staff enter a gift, and give one another purpose."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.ids import new_id
from app.extensions import db, now, writing
from app.gifts import by_hand, earmarks, legacies
from app.gifts.donors import Giver, find_or_create
from app.gifts.entering import Entry, Thanks, enter, parts_of
from app.gifts.forms import EarmarkForm, GiftForm, NewDonorForm
from app.gifts.models import BANK_TRANSFER, Gift
from app.gifts.views import bp
from app.ledger.periods import PeriodClosed
from app.ledger.rj import RjLine
from app.supporters import queries as supporters
from app.supporters import search
from app.supporters.drafts import OrganisationDraft
from app.supporters.models import Kind
from app.supporters.services import create_organisation
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires

_NOTHING = {"programme_id": "", "campaign_id": "", "rj_line": "", **{f"programme_{n}": "" for n in range(1, 5)}}


@bp.get("/gifts/new")
@requires(Permission.FINANCE_WRITE)
def enter_form() -> ResponseReturnValue:
    """The form for a gift that came some other way than online. `supporter` names who gave it, `q` looks for
    them, `legacy` says what it is part of."""
    supporter_id = lists.row_id("supporter")
    legacy = legacies.load(legacy_id) if (legacy_id := lists.row_id("legacy")) is not None else None
    start = _NOTHING | {"key": str(new_id()), "given_on": local_date(now()), "method": BANK_TRANSFER}
    if legacy is not None:
        supporter_id = legacy.supporter_id
        start |= {"programme_id": str(legacy.programme_id or ""), "thanks": Thanks.NONE.value}
    if supporter_id is not None and supporters.get(supporter_id).anonymised_at is not None:
        start |= {"thanks": Thanks.NONE.value}
    return _page(_form(supporter_id)(formdata=None, data=start), supporter_id)


@bp.post("/gifts/new")
@requires(Permission.FINANCE_WRITE)
def enter_gift() -> ResponseReturnValue:
    """Enter that gift and book it; one form makes it once."""
    supporter_id = lists.row_id("supporter")
    form = _form(supporter_id)(data=_NOTHING)
    form.choose()
    if form.validate():
        try:
            with writing():
                donor = supporter_id if supporter_id is not None else _donor(form)
                (gift_id,) = enter([_entry(form, donor)], actor=current_user.actor, now=now())
        except (Invalid, PeriodClosed) as error:
            form.add_error(error)
        else:
            flash(_("The gift is entered and booked."), "ok")
            if "more" in request.form:
                return redirect(url_for("gifts.enter_form"), 303)
            return redirect(url_for("gifts.show", gift_id=gift_id), 303)
    return _page(form, supporter_id)


def _form(supporter_id: int | None) -> type[GiftForm | NewDonorForm]:
    if supporter_id is None:
        return NewDonorForm
    supporters.get(supporter_id)
    return GiftForm


def _entry(form: GiftForm, supporter_id: int) -> Entry:
    amount, day = form.amount.data, form.given_on.data
    assert amount is not None
    assert day is not None
    programme_id, campaign_id = form.purpose
    return Entry(
        key=form.once if form.key.data else new_id(), supporter_id=supporter_id, amount=amount, given_on=day,
        method=form.method.data, programme_id=programme_id, parts=form.parts, campaign_id=campaign_id,
        source=form.source.data, rj_line=RjLine(form.rj_line.data) if form.rj_line.data else None,
        bank_reference=form.bank_reference.data or "", description=form.description.data or "",
        legacy_id=lists.row_id("legacy"), declared=bool(form.declared.data),
        proven=bool(form.proven.data), thanks=Thanks(form.thanks.data),
    )  # fmt: skip


def _donor(form: GiftForm) -> int:
    """Who gave it: somebody known by the same address and name, else new."""
    assert isinstance(form, NewDonorForm)
    if form.key.data and (there := db.session.get(Gift, form.once)) is not None:
        return there.supporter_id  # the form was sent before: it makes nobody a second time
    name, email = form.last_name.data or "", form.email.data or ""
    if form.donor_kind.data == Kind.ORGANISATION.value:
        return create_organisation(OrganisationDraft(name=name, email=email), actor=current_user.actor, now=now())
    giver = Giver(form.first_name.data or "", form.infix.data or "", name, email, language(), by_hand.MANUAL)
    return find_or_create([giver], actor=current_user.actor, now=now())[0]


def _page(form: GiftForm, supporter_id: int | None) -> ResponseReturnValue:
    form.choose()
    q = lists.search_text() if supporter_id is None else ""
    legacy_id = lists.row_id("legacy")
    donor = supporters.get(supporter_id) if supporter_id is not None else None
    page = render_template(
        "gifts/new.html", form=form, supporter_id=supporter_id, q=q, donor=donor.display_name if donor else None,
        erased=donor is not None and donor.anonymised_at is not None,
        hits=search.suggest(q, notes=False, limit=8) if q else [],
        legacy=legacies.load(legacy_id) if legacy_id is not None else None,
        action=url_for("gifts.enter_gift", supporter=supporter_id, legacy=legacy_id),
    )  # fmt: skip
    return page, form.status if request.method == "POST" else 200


@bp.get("/gifts/<int:gift_id>/earmark")
@requires(Permission.FINANCE_WRITE)
def earmark_form(gift_id: int) -> ResponseReturnValue:
    """The form to give a gift another purpose."""
    gift = by_hand.load(gift_id)
    start = {"programme_id": str(gift.programme_id or ""), "campaign_id": str(gift.campaign_id or "")}
    form = EarmarkForm(formdata=None, data=start | {"booked_on": local_date(now())})
    form.choose()
    return _earmark_page(gift_id, form)


@bp.post("/gifts/<int:gift_id>/earmark")
@requires(Permission.FINANCE_WRITE)
def earmark(gift_id: int) -> ResponseReturnValue:
    """Give it that purpose: what was booked is reversed and booked anew on the day given."""
    by_hand.load(gift_id)
    form = EarmarkForm()
    form.choose()
    day = form.booked_on.data
    if form.validate() and day:
        programme_id, campaign_id = form.purpose
        try:
            with writing():
                changed = earmarks.change(
                    [gift_id], programme_id=programme_id, campaign_id=campaign_id, reason=form.reason.data or "",
                    on=day, actor=current_user.actor, now=now(),
                )  # fmt: skip
        except (Invalid, PeriodClosed) as error:
            form.add_error(error)
        else:
            flash(_("The gift has its new purpose.") if changed else _("It was for this already."), "ok")
            return redirect(url_for("gifts.show", gift_id=gift_id), 303)
    return _earmark_page(gift_id, form)


def _earmark_page(gift_id: int, form: EarmarkForm) -> ResponseReturnValue:
    gift = by_hand.load(gift_id)
    donor = supporters.names([gift.supporter_id]).get(gift.supporter_id, "")
    others = [part for part in parts_of(gift) if part.id != gift_id]
    return render_template("gifts/earmark.html", form=form, gift=gift, donor=donor, others=others), form.status
