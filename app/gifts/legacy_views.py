"""The pages of legacies."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.states import N_
from app.extensions import now, writing
from app.gifts import legacies
from app.gifts.forms import LegacyForm
from app.gifts.models import LEGACY_MOVES, Legacy, LegacyState
from app.gifts.views import TONES, bp
from app.programmes.queries import programme_names
from app.supporters import queries as supporters
from app.ui import lists
from app.ui.languages import language
from app.ui.permissions import Permission, requires

SORTS = {"new": lists.Sort(N_("Noted"), (lists.desc(Legacy.id),))}
LEGACY_TONES = {LegacyState.EXPECTED: "petrol", LegacyState.CLOSED: "ok", LegacyState.DROPPED: "neutral"}


@bp.get("/gifts/legacies")
@requires(Permission.GIFTS_READ)
def legacy_index() -> ResponseReturnValue:
    """Legacies with what is expected and what came in."""
    state = lists.choice("state", LegacyState)
    page = lists.page(legacies.rows(state), SORTS, key=Legacy.id, default="new")
    return render_template(
        "gifts/legacies.html", page=page, state=state, states=[(s.value, _(s.label)) for s in LegacyState],
        names=supporters.names([row.supporter_id for row in page]), tones=LEGACY_TONES,
        received=legacies.received([row.id for row in page]), programmes=programme_names(language()),
    )  # fmt: skip


@bp.route("/gifts/legacies/new", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def legacy_new() -> ResponseReturnValue:
    """Note a legacy of the supporter named in the address."""
    supporter_id = lists.row_id("supporter")
    supporter = supporters.get(supporter_id or 0)
    form = LegacyForm(data={"programme_id": ""})
    return _form(form, supporter.id, None)


@bp.route("/gifts/legacies/<int:legacy_id>/edit", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def legacy_edit(legacy_id: int) -> ResponseReturnValue:
    """Change what is expected."""
    legacy = legacies.load(legacy_id)
    start = {
        "expected": legacy.expected_cents, "expected_on": legacy.expected_on, "notary": legacy.notary,
        "programme_id": str(legacy.programme_id or ""),
    }  # fmt: skip
    return _form(LegacyForm(data=start), legacy.supporter_id, legacy_id)


def _form(form: LegacyForm, supporter_id: int, legacy_id: int | None) -> ResponseReturnValue:
    form.choose()
    if form.validate_on_submit():
        with writing():
            kept = legacies.write(
                legacy_id, supporter_id=supporter_id, expected=form.expected.data, expected_on=form.expected_on.data,
                programme_id=form.purpose, notary=form.notary.data or "", actor=current_user.actor, now=now(),
            )  # fmt: skip
        flash(_("The legacy is noted. Only what comes in is booked."), "ok")
        return redirect(url_for("gifts.legacy_show", legacy_id=kept), 303)
    donor = supporters.get(supporter_id).display_name
    return render_template("gifts/legacy_form.html", form=form, donor=donor, legacy_id=legacy_id), form.status


@bp.get("/gifts/legacies/<int:legacy_id>")
@requires(Permission.GIFTS_READ)
def legacy_show(legacy_id: int) -> ResponseReturnValue:
    """One legacy: expected, received, and each amount that came in."""
    legacy = legacies.load(legacy_id)
    return render_template(
        "gifts/legacy.html", legacy=legacy, donor=supporters.get(legacy.supporter_id).display_name,
        received=legacies.received([legacy_id]).get(legacy_id, 0), gifts=legacies.gifts_of(legacy_id), tones=TONES,
        tone=LEGACY_TONES[legacy.state], programme=programme_names(language()).get(legacy.programme_id or 0),
        following=LEGACY_MOVES.following(legacy.state),
    )  # fmt: skip


@bp.post("/gifts/legacies/<int:legacy_id>/<state>")
@requires(Permission.FINANCE_WRITE)
def legacy_move(legacy_id: int, state: str) -> ResponseReturnValue:
    """Settled, will not come, or expected again."""
    legacies.load(legacy_id)
    if state not in {s.value for s in LegacyState}:
        return "", 404
    with writing():
        legacies.move(legacy_id, LegacyState(state), actor=current_user.actor, now=now())
    flash(_("Kept."), "ok")
    return redirect(url_for("gifts.legacy_show", legacy_id=legacy_id), 303)
