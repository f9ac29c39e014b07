"""Possible doubles, side by side: staff say whether they are the same."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db, now, writing
from app.supporters import doubles, page, queries
from app.supporters.models import DuplicateState, SupporterDuplicate
from app.supporters.views import bp
from app.ui import lists
from app.ui.permissions import Permission, requires

SORTS = {"score": lists.Sort(N_("Likeness"), (lists.desc(SupporterDuplicate.score),))}


@bp.get("/supporters/duplicates")
@requires(Permission.SUPPORTERS_WRITE)
def duplicates() -> ResponseReturnValue:
    state = lists.choice("state", DuplicateState, DuplicateState.OPEN.value)
    chosen = next(s for s in DuplicateState if s.value == state)
    found = select(SupporterDuplicate).where(SupporterDuplicate.state == chosen)
    pairs = lists.page(found, SORTS, key=SupporterDuplicate.id, default="score")
    names = queries.names({i for pair in pairs for i in (pair.low_id, pair.high_id)})
    states = [(s.value, _(s.label)) for s in DuplicateState]
    shown: dict[str, Any] = {"page": pairs, "names": names, "labels": doubles.LABELS, "state": state, "states": states}
    return render_template("supporters/duplicates.html", **shown)


@bp.get("/supporters/duplicates/<int:pair_id>")
@requires(Permission.SUPPORTERS_WRITE)
def duplicate(pair_id: int) -> ResponseReturnValue:
    pair = db.session.get(SupporterDuplicate, pair_id)
    if pair is None:
        raise NotFound(N_("This pair does not exist."))
    sides = [
        {
            "supporter": queries.get(i), "contact": page.contact_details(i), "relations": page.related(i),
            "roles": queries.roles_of([i]).get(i, set()), "notes": len(page.interactions(i)),
        }
        for i in (pair.low_id, pair.high_id)
    ]  # fmt: skip
    return render_template("supporters/duplicate.html", pair=pair, sides=sides, labels=doubles.LABELS)


@bp.post("/supporters/duplicates/<int:pair_id>/different")
@requires(Permission.SUPPORTERS_WRITE)
def different(pair_id: int) -> ResponseReturnValue:
    with writing():
        doubles.decide(pair_id, DuplicateState.DIFFERENT, actor=current_user.actor, now=now())
    flash(_("Kept apart. This pair will not be asked again."), "ok")
    return redirect(url_for("supporters.duplicates"), 303)
