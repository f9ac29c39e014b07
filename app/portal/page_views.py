"""Mijn giften itself, and its papers: a receipt of a gift, a statement of any year or range."""

from __future__ import annotations

import io
from datetime import date

from flask import render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.base.dates import local_date
from app.extensions import db, limits, now, writing
from app.gifts.methods import own_label
from app.gifts.models import HELD, GiftState
from app.gifts.periodic import beginning, offers, renewing
from app.letters.statements import paper, services
from app.letters.statements.content import gather
from app.organisation.signing import standing
from app.payments.methods import label_of
from app.portal import overview
from app.portal.entering import DONOR
from app.portal.entry_views import ask_page
from app.portal.forms import AskForm, RangeForm
from app.portal.guard import bp, donor_only, here, spoken
from app.portal.sessions import Donor
from app.privacy import access, readable
from app.programmes.queries import programme_names
from app.supporters import queries as supporters
from app.supporters.addressing import addressees
from app.ui import lists
from app.ui.languages import language

PAPERS, WINDOW = 40, 600  # that one donor can have made
TONES = {
    GiftState.PROMISED: "warn", GiftState.RECEIVED: "ok", GiftState.CANCELED: "neutral",
    GiftState.REFUNDED: "neutral", GiftState.CHARGED_BACK: "neutral",
}  # fmt: skip


@bp.get("/mijn-giften")
def home() -> ResponseReturnValue:
    """The donor's page; for anybody else the form that asks for a link."""
    donor = here()
    if donor is None:
        problem = ""
        if "over" in request.args:
            problem = _("You were away for a while, so your page was closed. Ask for a new link to go on.")
        elif "out" in request.args:
            problem = _("You signed out. Until next time.")
        return ask_page(AskForm(formdata=None), "nl", problem=problem)
    with spoken(donor.language):
        return _page(donor, RangeForm(formdata=None))


def _page(donor: Donor, form: RangeForm) -> ResponseReturnValue:
    today = local_date(now())
    years = overview.years_of(donor.id, today)
    wanted = lists.row_id("jaar")
    year = wanted if wanted in years else years[0]
    gifts = overview.gifts_of(donor.id, year)
    recurring, agreements = overview.recurring_of(donor.id), overview.agreements_of(donor.id)
    begun, renewable = beginning.under_way(donor.id), renewing.to_renew(donor.id, today)
    fits = [each.row.id for each in recurring if not each.is_over and each.agreement is None]
    page = render_template(
        "portal/home.html", donor=donor, supporter=supporters.get(donor.id), form=form, years=years, year=year,
        gifts=gifts, recurring=recurring, agreements=agreements, begun=begun, renewable=renewable,
        fit=fits[0] if fits else None,
        may_begin=not (begun or agreements or renewable or beginning.one_is_open(donor.id)) and beginning.can(donor.id),
        signings=offers.of_donor(donor.id), signing_is_on=standing() is not None,
        total=overview.kept_in(donor.id, year), methods={g.method: _method(g.method) for g in gifts},
        programmes=programme_names(language()), said=overview.SAID, tones=TONES, held=HELD,
        address=supporters.current_addresses([donor.id]).get(donor.id),
    )  # fmt: skip
    return page, form.status


def _method(name: str) -> str:
    return own_label(name) or label_of(name)


@bp.post("/mijn-giften/gegevens/json")
@donor_only
def own_data_file(donor: Donor) -> ResponseReturnValue:
    """All that we hold of the donor, as a file; what may tell of others is given after somebody read it."""
    _limited(donor)
    content = access.take_out(donor.id, looked_through=False, actor=DONOR, now=now())
    name = _("my-data")
    return send_file(
        io.BytesIO(content), mimetype="application/json", download_name=name, as_attachment=True, max_age=0
    )


@bp.post("/mijn-giften/gegevens/leesbaar")
@donor_only
def own_data(donor: Donor) -> ResponseReturnValue:
    """The same as a page to read."""
    _limited(donor)
    groups = readable.read(donor.id, {"method": _method}, actor=DONOR, now=now())
    return render_template("portal/own_data.html", donor=donor, groups=groups)


@bp.post("/mijn-giften/overzicht")
@donor_only
def statement(donor: Donor) -> ResponseReturnValue:
    """A statement of a range as PDF; one that was made before says that it is a copy."""
    form = RangeForm()
    start, end = form.start.data, form.end.data
    if not (form.validate() and form.checked() and start and end):
        return _page(donor, form)
    _limited(donor)
    at = now()
    content = gather([donor.id], start, end)[donor.id]
    to = addressees([donor.id])[donor.id]
    db.session.rollback()
    labels = paper.method_labels({line.method for line in content.lines}, to.language)
    with writing():
        made = services.note_for_donor(content, start, end, actor=DONOR, now=at)
    name = _("statement") + f"-{_span(start, end)}"
    return _sent(paper.render(paper.statement(content, to, start, end, made, labels, at)), name)


def _span(start: date, end: date) -> str:
    whole_year = (start.month, start.day, end.month, end.day) == (1, 1, 12, 31) and start.year == end.year
    return str(start.year) if whole_year else f"{start}-{end}"


@bp.post("/mijn-giften/bewijs/<int:gift_id>")
@donor_only
def receipt(donor: Donor, gift_id: int) -> ResponseReturnValue:
    """The receipt of a gift; after the first time a copy that says so."""
    overview.gift_of(gift_id, donor.id)
    _limited(donor)
    at = now()
    with writing():
        made = services.note_receipt(gift_id, actor=DONOR, now=at)
    gift = overview.gift_of(gift_id, donor.id)
    to = addressees([donor.id])[donor.id]
    db.session.expunge(gift)
    db.session.rollback()
    labels = paper.method_labels({gift.method}, to.language)
    name = _("receipt") + f"-{gift.gift_date}"
    return _sent(paper.render(paper.receipt(gift, to, made, labels, at)), name)


def _limited(donor: Donor) -> None:
    db.session.rollback()
    limits.hit("portal papers", str(donor.id), PAPERS, WINDOW)


def _sent(content: bytes, name: str, kind: str = "application/pdf") -> ResponseReturnValue:
    called = f"{name}.{kind.rpartition('/')[2]}"
    return send_file(io.BytesIO(content), mimetype=kind, download_name=called, as_attachment=True, max_age=0)
