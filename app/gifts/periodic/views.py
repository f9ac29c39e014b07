"""Agreements for periodic gifts: the list, one of them, drawing one up, its form to be signed."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.documents.services import documents_of
from app.extensions import db, now, writing
from app.gifts.periodic import allocation, bsns, offers, paper, queries, renewing, rules, services, signing
from app.gifts.periodic.forms import AgreementForm, filled
from app.gifts.periodic.models import Agreement, AgreementState, EndsWith, Term, Who
from app.organisation.signing import standing
from app.staff.queries import by_ids
from app.supporters import queries as supporters
from app.supporters.names import NameOrder, family_name
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, may, requires

bp = Blueprint("periodic", __name__)
TONES = {
    AgreementState.DRAFT: "neutral",
    AgreementState.SENT: "petrol",
    AgreementState.SIGNED: "accent",
    AgreementState.ACTIVE: "ok",
    AgreementState.ENDED: "neutral",
    AgreementState.BROKEN: "danger",
    AgreementState.WITHDRAWN: "neutral",
}
SORTS = {"new": lists.Sort("", (lists.desc(Agreement.id),))}


@bp.get("/gifts/periodic")
@requires(Permission.GIFTS_READ)
def index() -> ResponseReturnValue:
    """All agreements by state, and above them the donors who gave less than agreed."""
    state = lists.choice("state", AgreementState)
    page = lists.page(queries.listing(state), SORTS, key=Agreement.id, default="new")
    year = queries.watched_year(local_date(now()))
    behind = allocation.behind(year, limit=50)
    return render_template(
        "gifts/periodic/index.html", page=page, state=state, states=[(s.value, _(s.label)) for s in AgreementState],
        tones=TONES, year=year, behind=behind, waiting=queries.waiting(),
        names=supporters.names([row[0] for row in behind]),
    )  # fmt: skip


@bp.get("/gifts/periodic/<int:agreement_id>")
@requires(Permission.GIFTS_READ)
def show(agreement_id: int) -> ResponseReturnValue:
    """One agreement: what comes next, whether each year was paid, what the form says."""
    agreement, today = queries.get(agreement_id), local_date(now())
    steps = queries.steps_of(agreement_id)
    secret = may(Permission.BSN_READ)
    cap = rules.cap(today.year, agreement.signed_on)
    return render_template(
        "gifts/periodic/show.html", agreement=agreement, today=today, tones=TONES, S=AgreementState, Who=Who,
        donor=supporters.names([agreement.supporter_id]).get(agreement.supporter_id, ""),
        years=allocation.years_of(agreement, today) if agreement.signed_on else [],
        facts=_facts(agreement), steps=steps, people=by_ids({s.staff_id for s in steps if s.staff_id}),
        known=bsns.known(agreement_id), masked=bsns.shown(agreement_id) if secret else {},
        scans=documents_of(services.SUBJECT, agreement_id) if secret else [],
        signing=offers.newest(agreement_id), online=standing() is not None, why_not=signing.why_not(agreement),
        before=queries.get(agreement.previous_id) if agreement.previous_id else None,
        after=renewing.followed([agreement_id]).get(agreement_id), to_renew=renewing.asks(agreement, today),
        over_cap=cap if cap is not None and agreement.yearly_cents > cap else None,
    )  # fmt: skip


def _facts(a: Agreement) -> list[tuple[str, Any]]:
    """What the form says, but for the BSN."""
    content = paper.content(a, {})
    term = a.years if a.term is Term.LONGER else None
    facts: list[tuple[str, Any]] = [
        (_("Term"), _("%(years)s years", years=term) if term else _(a.term.label)),
        (_("Ends on the death of"), a.life_name if a.ends_with is EndsWith.OTHER else _("the donor")),
        *((label, value) for label, value in content["donor"] if label != _("BSN")),
    ]
    facts += [(f"{_('Partner')}: {label}", value) for label, value in content["partner"] if label != _("BSN")]
    return [(label, value) for label, value in facts if value]


@bp.route("/gifts/periodic/new/<int:supporter_id>", methods=["GET", "POST"])
@requires(Permission.GIFTS_WRITE)
def new(supporter_id: int) -> ResponseReturnValue:
    """The form for an agreement of this donor, filled with what is known of them; `previous`: what it renews."""
    supporter, previous = supporters.get(supporter_id), _previous(supporter_id)
    address = supporters.current_addresses([supporter_id]).get(supporter_id)
    start = {
        "ends_with": EndsWith.DONOR.value, "term": Term.FIVE.value, "first_year": local_date(now()).year,
        "first_names": supporter.first_name,
        "last_name": family_name(replace(supporter.name, order=NameOrder.OWN)),
        "language": supporter.language.value,
        "street": address.street_line if address else "", "postcode": address.postcode if address else "",
        "town": address.place if address else "", "country": address.country if address else "NL",
        "phone": supporters.primary_phones([supporter_id]).get(supporter_id, ""), "commitment_id": "",
    }  # fmt: skip
    if previous is not None:
        start = filled(previous) | {"first_year": (previous.last_year or 0) + 1, "number": ""}
    form = AgreementForm(data=start)
    form.choose(queries.commitments_of(supporter_id, language()))
    if form.validate_on_submit():
        try:
            with writing():
                made = services.draw_up(
                    supporter_id, form.facts(), number=form.number.data or "", actor=current_user.actor, now=now(),
                    previous_id=previous.id if previous else None,
                )  # fmt: skip
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Drawn up. Look at the form, print it and send two copies to the donor."), "ok")
            return _shown(made)
    donor = supporters.names([supporter_id]).get(supporter_id, "")
    return render_template("gifts/periodic/form.html", form=form, donor=donor, agreement=None), form.status


def _previous(supporter_id: int) -> Agreement | None:
    wanted = lists.row_id("previous")
    found = queries.get(wanted) if wanted else None
    return found if found is not None and found.supporter_id == supporter_id else None


@bp.route("/gifts/periodic/<int:agreement_id>/edit", methods=["GET", "POST"])
@requires(Permission.GIFTS_WRITE)
def edit(agreement_id: int) -> ResponseReturnValue:
    """Correct it, until the donor has signed."""
    agreement = queries.get(agreement_id)
    form = AgreementForm(data=filled(agreement))
    form.choose(queries.commitments_of(agreement.supporter_id, language()))
    donor = supporters.names([agreement.supporter_id]).get(agreement.supporter_id, "")
    if form.validate_on_submit():
        try:
            with writing():
                services.change(agreement_id, form.facts(), actor=current_user.actor, now=now())
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_("Saved. A form that was printed before is no longer right."), "ok")
            return _shown(agreement_id)
    return render_template("gifts/periodic/form.html", form=form, donor=donor, agreement=agreement), form.status


@bp.get("/gifts/periodic/<int:agreement_id>/form.pdf")
@requires(Permission.GIFTS_READ)
def form_pdf(agreement_id: int) -> ResponseReturnValue:
    """The form in two copies, with lines to write the BSN on."""
    return _pdf(queries.get(agreement_id), None)


@bp.post("/gifts/periodic/<int:agreement_id>/form-with-bsn.pdf")
@requires(Permission.BSN_READ)
def form_with_bsn(agreement_id: int) -> ResponseReturnValue:
    """The form with the BSN on it; who made it is in the audit trail."""
    with writing():
        found = bsns.reveal(agreement_id, actor=current_user.actor, now=now())
    return _pdf(queries.get(agreement_id), found)


def _pdf(agreement: Agreement, numbers: dict[Who, str] | None) -> ResponseReturnValue:
    db.session.expunge(agreement)
    db.session.rollback()
    name = f"{_('periodic-gift')}-{agreement.number}.pdf"
    made = paper.render(agreement, numbers)
    response = send_file(io.BytesIO(made), mimetype="application/pdf", download_name=name, max_age=0)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _shown(agreement_id: int) -> ResponseReturnValue:
    return redirect(url_for("periodic.show", agreement_id=agreement_id), 303)
