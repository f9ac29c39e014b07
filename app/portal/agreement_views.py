"""A donor begins or renews an agreement for a periodic gift, corrects it, takes the form to sign, or leaves it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.dates import local_date
from app.base.errors import DomainError, NotFound, Refused
from app.base.money import Money
from app.base.states import N_
from app.documents import files, pdf
from app.extensions import db, limits, now, writing
from app.gifts.periodic import beginning, bsns, offers, paper, queries, renewing, services, signing
from app.gifts.periodic.models import Agreement, AgreementState, EndsWith, Term, Who
from app.gifts.periodic.signing_models import SigningState
from app.gifts.recurring.states import Frequency
from app.organisation.queries import profile
from app.organisation.signing import standing
from app.portal import overview
from app.portal.agreement_forms import AgreementForm, filled
from app.portal.entering import DONOR
from app.portal.guard import bp, donor_only
from app.portal.sessions import Donor
from app.supporters import queries as supporters
from app.supporters.names import NameOrder, family_name
from app.ui import lists
from app.ui.filters import money
from app.ui.languages import language
from app.ui.messages import translated

CHANGES, PAPERS, HOUR = 20, 20, 3600
_PATH = "/mijn-giften/periodiek/<int:agreement_id>"
_WORDS = {
    Frequency.MONTHLY: N_("My %(amount)s each month"), Frequency.QUARTERLY: N_("My %(amount)s each quarter"),
    Frequency.YEARLY: N_("My %(amount)s each year"),
}  # fmt: skip


@bp.route("/mijn-giften/periodiek/nieuw", methods=["GET", "POST"], endpoint="begin_agreement")
@donor_only
def begin(donor: Donor) -> ResponseReturnValue:
    """The form, filled with what is known: `gift` is the recurring gift that pays it, `previous` what it renews."""
    if not beginning.can(donor.id):
        raise NotFound(N_("This is not on your page."))
    if (open_one := beginning.under_way(donor.id)) is not None:
        return _to(open_one.id)
    today, previous = local_date(now()), _previous(donor)
    form = _chosen(AgreementForm(data=_start(donor, previous, today)), donor, today)
    if form.is_submitted() and form.checked():
        facts, numbers, previous_id = form.facts(language()), form.numbers(donor.session_id), previous and previous.id
        db.session.rollback()
        try:
            limits.hit("portal agreement", str(donor.id), CHANGES, HOUR)
            with writing():
                made = beginning.begin(donor.id, facts, numbers, previous_id=previous_id, actor=DONOR, now=now())
        except DomainError as error:
            form.add_error(error)
        else:
            return _to(made)
    return _form(donor, form, None, previous.id if previous else None)


@bp.route(f"{_PATH}/wijzigen", methods=["GET", "POST"], endpoint="change_agreement")
@donor_only
def change(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """Correct it, until it is signed."""
    row, today = beginning.mine(agreement_id, donor.id), local_date(now())
    signing_row = offers.newest(agreement_id)
    online = signing_row is not None and signing_row.is_open_to_sign(today)
    if row.state not in (AgreementState.DRAFT, AgreementState.SENT) or online:
        return _to(agreement_id)
    form = _chosen(AgreementForm(data=filled(row)), donor, today)
    if form.is_submitted() and form.checked():
        facts, numbers = form.facts(language()), form.numbers(donor.session_id)
        db.session.rollback()
        try:
            limits.hit("portal agreement", str(donor.id), CHANGES, HOUR)
            with writing():
                beginning.change(agreement_id, facts, numbers, actor=DONOR, now=now())
        except DomainError as error:
            form.add_error(error)
        else:
            return _to(agreement_id)
    return _form(donor, form, agreement_id, None)


@bp.get(f"{_PATH}/formulier", endpoint="begun_agreement")
@donor_only
def show(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """What the donor agreed to, and how it goes on: the form, signing online, where it stands."""
    row = beginning.mine(agreement_id, donor.id)
    signed_online = offers.newest(agreement_id)
    lives = signed_online is not None and signed_online.state is not SigningState.OVER
    if lives and standing() and row.state is not AgreementState.DRAFT:
        return redirect(url_for("portal.agreement", agreement_id=agreement_id), 303)
    known, shown = bsns.known(agreement_id), {}
    for who in Who:
        shown[who] = _("kept encrypted") if who in known else _("you write it on the paper yourself")
    return render_template(
        "portal/begun.html", donor=donor, agreement=row, S=AgreementState, content=paper.content(row, shown),
        known=known, profile=profile(), here=bool(bsns.typed_in(agreement_id, donor.session_id)),
        online=standing() is not None and not signing.why_not(row, also_sent=True),
    )  # fmt: skip


@bp.post(f"{_PATH}/formulier.pdf", endpoint="agreement_form")
@donor_only
def form_pdf(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """The form in two copies, to print and sign; from then on staff wait for it."""
    beginning.mine(agreement_id, donor.id)
    db.session.rollback()
    limits.hit("portal papers", str(donor.id), PAPERS, HOUR)
    with writing():
        numbers = beginning.take_form(agreement_id, donor.session_id, actor=DONOR, now=now())
    row = queries.get(agreement_id)
    db.session.expunge(row)
    db.session.rollback()
    made, name = paper.render(row, numbers), f"{_('periodic-gift')}-{row.number}.pdf"
    return send_file(io.BytesIO(made), mimetype="application/pdf", download_name=name, as_attachment=True, max_age=0)


@bp.post(f"{_PATH}/online", endpoint="agreement_online")
@donor_only
def online(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """Sign it here instead of on paper, where a tax adviser approved that."""
    row = beginning.mine(agreement_id, donor.id)
    if standing() is None:
        raise NotFound(N_("This is not on your page."))
    if reason := signing.why_not(row, also_sent=True):
        raise Refused(reason)
    data, number = paper.to_sign(row), row.number
    db.session.rollback()
    limits.hit("portal papers", str(donor.id), PAPERS, HOUR)
    file = files.keep(pdf.render(paper.TEMPLATE, data), f"periodic-gift-{number}.pdf")
    with writing():
        if services.locked(agreement_id).state is AgreementState.SENT:
            services.take_back(agreement_id, actor=DONOR, now=now())
        signing.offer(agreement_id, file, data, tell=False, actor=DONOR, now=now())
    return redirect(url_for("portal.agreement", agreement_id=agreement_id), 303)


@bp.post(f"{_PATH}/niet-doorgaan", endpoint="drop_agreement")
@donor_only
def drop(donor: Donor, agreement_id: int) -> ResponseReturnValue:
    """Leave it, until both have signed. The BSN goes at once."""
    beginning.mine(agreement_id, donor.id)
    db.session.rollback()
    try:
        with writing():
            services.withdraw(agreement_id, actor=DONOR, now=now())
            bsns.forget_all(agreement_id, actor=DONOR, now=now())
    except DomainError as error:
        flash(translated(error), "warn")
        return _to(agreement_id)
    flash(_("The agreement does not come about. Nothing was agreed on, and you owe us nothing."), "ok")
    return redirect(url_for("portal.home"), 303)


def _previous(donor: Donor) -> Agreement | None:
    wanted = lists.row_id("previous")
    found = [row for row in renewing.to_renew(donor.id, local_date(now())) if row.id == wanted]
    return found[0] if found else None


def _start(donor: Donor, previous: Agreement | None, today: date) -> dict[str, Any]:
    """The form as it opens: from the agreement before it, else from what we know of the donor."""
    if previous is not None:
        last = previous.last_year or today.year
        return filled(previous) | {"first_year": max(last + 1, today.year)}
    supporter = supporters.get(donor.id)
    address = supporters.current_addresses([donor.id]).get(donor.id)
    start: dict[str, Any] = {
        "ends_with": EndsWith.DONOR.value, "term": Term.FIVE.value, "first_year": today.year, "commitment_id": "0",
        "first_names": supporter.first_name,
        "last_name": family_name(replace(supporter.name, order=NameOrder.OWN)),
        "street": address.street_line if address else "", "postcode": address.postcode if address else "",
        "town": address.place if address else "", "country": address.country if address else "NL",
        "phone": supporters.primary_phones([donor.id]).get(donor.id, ""),
    }  # fmt: skip
    wanted = lists.row_id("gift")
    for each in overview.recurring_of(donor.id):
        if each.row.id == wanted and each.row.frequency in _WORDS and not each.is_over:
            whole = beginning.in_year(each.row, today.year + 1, today)
            reached = beginning.in_year(each.row, today.year, today + beginning.SIGNED_IN) >= whole
            year = today.year if reached else today.year + 1
            start |= {"commitment_id": str(wanted), "yearly": Money(whole) if whole else None, "first_year": year}
    return start


def _chosen(form: AgreementForm, donor: Donor, today: date) -> AgreementForm:
    running = [
        (str(each.row.id), _(_WORDS[each.row.frequency], amount=money(each.cents)))
        for each in overview.recurring_of(donor.id)
        if not each.is_over and each.row.frequency in _WORDS
    ]
    form.choose(running, [today.year, today.year + 1])
    return form


def _form(donor: Donor, form: AgreementForm, agreement_id: int | None, previous_id: int | None) -> ResponseReturnValue:
    page = render_template(
        "portal/periodic.html", donor=donor, form=form, agreement_id=agreement_id, previous_id=previous_id,
        gift=lists.row_id("gift"), known=bool(agreement_id and bsns.known(agreement_id)),
    )  # fmt: skip
    return page, form.status


def _to(agreement_id: int) -> ResponseReturnValue:
    return redirect(url_for("portal.begun_agreement", agreement_id=agreement_id), 303)
