"""Merging two records: what would move, doing it, and undoing it."""

from __future__ import annotations

import io

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import NotFound
from app.base.ids import id_in
from app.base.references import code_of
from app.base.states import N_
from app.extensions import db, now, writing
from app.privacy import access, erasure, merging
from app.privacy.erasure_models import RequestState
from app.privacy.forms import MergeForm
from app.privacy.models import Merge
from app.staff.queries import by_ids
from app.supporters import doubles, page, queries
from app.supporters.models import DuplicateState, SupporterDuplicate
from app.ui import lists
from app.ui.panels import Panel, panel
from app.ui.permissions import Permission, requires

bp = Blueprint("privacy", __name__)


@bp.get("/supporters/duplicates/<int:pair_id>/merge")
@requires(Permission.SUPPORTERS_WRITE)
def merge_form(pair_id: int) -> ResponseReturnValue:
    """What would move; `keep` names the record that stays (the older one unless said)."""
    pair = _pair(pair_id)
    keep = str(lists.row_id("keep") or pair.low_id)
    return _page(pair, MergeForm(formdata=None, data={"keep": keep}))


@bp.post("/supporters/duplicates/<int:pair_id>/merge")
@requires(Permission.SUPPORTERS_WRITE)
def merge(pair_id: int) -> ResponseReturnValue:
    """Make one of two."""
    pair, form = _pair(pair_id), MergeForm()
    if not form.validate():
        return _page(pair, form)
    kept = _of(pair, form.keep.data)
    gone = pair.high_id if kept == pair.low_id else pair.low_id
    with writing():
        doubles.decide(pair_id, DuplicateState.SAME, actor=current_user.actor, now=now())
        merging.merge(kept, gone, form.reason.data or "", actor=current_user.actor, now=now())
    flash(_("The two are one now. You can undo it here."), "ok")
    return redirect(url_for("supporters.show", supporter_id=kept), 303)


@bp.post("/supporters/merges/<int:merge_id>/undo")
@requires(Permission.SUPPORTERS_WRITE)
def undo_merge(merge_id: int) -> ResponseReturnValue:
    """Make two of one again."""
    with writing():
        merging.undo(merge_id, actor=current_user.actor, now=now())
        one = db.session.get(Merge, merge_id)
        assert one is not None
        doubles.reopen(one.kept_id, one.gone_id)
        kept = one.kept_id
    flash(_("Undone: they are two records again, each with what it had."), "ok")
    return redirect(url_for("supporters.show", supporter_id=kept), 303)


@bp.get("/supporters/<int:supporter_id>/data/json")
@requires(Permission.NOTES_READ)
def access_file(supporter_id: int) -> ResponseReturnValue:
    """All we hold of a person, for a request to see it. Read it before you send it."""
    queries.get(supporter_id)
    content = access.take_out(supporter_id, looked_through=True, actor=current_user.actor, now=now())
    response = send_file(
        io.BytesIO(content), mimetype="application/json", as_attachment=True,
        download_name=f"data-{code_of(supporter_id)}.json",
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


def _pair(pair_id: int) -> SupporterDuplicate:
    pair = db.session.get(SupporterDuplicate, pair_id)
    if pair is None:
        raise NotFound(N_("This pair does not exist."))
    return pair


def _of(pair: SupporterDuplicate, typed: str | None) -> int:
    supporter_id = id_in(typed)
    if supporter_id is None or supporter_id not in (pair.low_id, pair.high_id):
        raise NotFound(N_("This pair does not exist."))
    return supporter_id


def _page(pair: SupporterDuplicate, form: MergeForm) -> ResponseReturnValue:
    kept = _of(pair, form.keep.data)
    gone = pair.high_id if kept == pair.low_id else pair.low_id
    shown = render_template(
        "privacy/merge.html", pair=pair, form=form, kept=queries.get(kept), gone=queries.get(gone),
        contact={i: page.contact_details(i) for i in (kept, gone)}, shares=merging.preview(kept, gone),
    )  # fmt: skip
    return shown, form.status if request.method == "POST" else 200


@panel("duplicate", "merge", order=10, permission=Permission.SUPPORTERS_WRITE)
def merge_link(pair_id: int) -> Panel | None:
    pair = db.session.get(SupporterDuplicate, pair_id)
    open_pair = pair is not None and pair.state is DuplicateState.OPEN
    return Panel("privacy/link.html", {"pair_id": pair_id}) if open_pair else None


@panel("supporter", "merges", order=90, permission=Permission.SUPPORTERS_WRITE)
def merges(supporter_id: int) -> Panel | None:
    """Which records were put into this one, with the way back."""
    found = [m for m in merging.merges_of(supporter_id) if m.undone_at is None]
    if not found:
        return None
    names = queries.names({i for m in found for i in (m.kept_id, m.gone_id)})
    people = by_ids({m.staff_id for m in found if m.staff_id})
    shown = {"merges": found, "names": names, "people": people, "supporter_id": supporter_id}
    return Panel("privacy/panel.html", shown)


@panel("supporter", "data", order=95, permission=Permission.NOTES_READ)
def data(supporter_id: int) -> Panel | None:
    """The way to all we hold of this person, and to having it erased."""
    asked = erasure.newest_of(supporter_id)
    if asked is not None and asked.state not in (*erasure.OPEN, RequestState.DONE):
        asked = None
    return Panel("privacy/data.html", {"supporter_id": supporter_id, "asked": asked})
