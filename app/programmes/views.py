"""The pages of programmes, funds and campaigns: one list of each, one form for each."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import Invalid, NotFound
from app.base.money import Money
from app.base.states import N_
from app.extensions import db, now, writing
from app.programmes import queries, services
from app.programmes.forms import CampaignForm, FundForm, ProgrammeForm, shown_presets, title_of
from app.programmes.models import Campaign, Fund, Programme
from app.ui.languages import language
from app.ui.panels import panels_for
from app.ui.permissions import Permission, requires

bp = Blueprint("programmes", __name__)
MODELS: dict[str, Any] = {"programme": Programme, "fund": Fund, "campaign": Campaign}
FORMS: dict[str, Any] = {"programme": ProgrammeForm, "fund": FundForm, "campaign": CampaignForm}


@bp.get("/programmes")
@requires(Permission.ORGANISATION_READ)
def index() -> ResponseReturnValue:
    """What money is for, what is set apart, and what raises it."""
    return render_template(
        "programmes/index.html", programmes=queries.all_programmes(), funds=queries.all_funds(),
        campaigns=queries.all_campaigns(), names=queries.programme_names(language()), lang=language(),
    )  # fmt: skip


@bp.get("/programmes/<any(programme,fund,campaign):kind>/new")
@requires(Permission.ORGANISATION_WRITE)
def new(kind: str) -> ResponseReturnValue:
    """The form of a new one."""
    return _page(kind, _form(kind, {"active": True, "restricted": True, "programme_id": ""}), None)


@bp.post("/programmes/<any(programme,fund,campaign):kind>/new")
@requires(Permission.ORGANISATION_WRITE)
def add(kind: str) -> ResponseReturnValue:
    """Make it."""
    return _store(kind, None)


@bp.get("/programmes/<any(programme,fund,campaign):kind>/<int:row_id>")
@requires(Permission.ORGANISATION_WRITE)
def edit(kind: str, row_id: int) -> ResponseReturnValue:
    """The form of one."""
    row = _row(kind, row_id)
    values = {name: getattr(row, name) for name in row.__table__.columns.keys()}  # noqa: SIM118 (a column collection)
    values["programme_id"] = str(values.get("programme_id") or "")
    if kind == "campaign":
        values["presets"] = shown_presets(row.presets_cents)
        values["target"] = Money(row.target_cents) if row.target_cents else None
    return _page(kind, _form(kind, values), row_id)


@bp.post("/programmes/<any(programme,fund,campaign):kind>/<int:row_id>")
@requires(Permission.ORGANISATION_WRITE)
def save(kind: str, row_id: int) -> ResponseReturnValue:
    """Store it."""
    _row(kind, row_id)
    return _store(kind, row_id)


def _row(kind: str, row_id: int) -> Any:
    row = db.session.get(MODELS[kind], row_id)
    if row is None:
        raise NotFound(N_("This page is not there."))
    return row


def _form(kind: str, data: dict[str, Any] | None) -> Any:
    form = FORMS[kind](formdata=None, data=data) if data is not None else FORMS[kind]()
    if kind != "programme":
        form.choose()
    return form


def _store(kind: str, row_id: int | None) -> ResponseReturnValue:
    form = _form(kind, None)
    if form.validate():
        try:
            shown = form.page() if kind == "campaign" else None
            with writing():
                _save(kind, row_id, form, shown)
        except Invalid as error:
            if error.field == "presets_cents":
                error.field = "presets"
            form.add_error(error)
        else:
            flash(_("Saved."), "ok")
            return redirect(url_for("programmes.index"), 303)
    return _page(kind, form, row_id)


def _save(kind: str, row_id: int | None, form: Any, shown: services.CampaignPage | None) -> None:
    named = {
        "slug": form.slug.data, "name_nl": form.name_nl.data, "name_en": form.name_en.data,
        "active": bool(form.active.data), "actor": current_user.actor, "now": now(),
    }  # fmt: skip
    if kind == "programme":
        services.save_programme(
            row_id, **named, description_nl=form.description_nl.data or "",
            description_en=form.description_en.data or "", rj_goal=form.rj_goal.data,
            public=bool(form.public.data), position=form.position.data,
        )  # fmt: skip
    elif kind == "fund":
        services.save_fund(row_id, **named, programme_id=form.programme, restricted=bool(form.restricted.data))
    elif kind == "campaign":
        services.save_campaign(
            row_id, **named, programme_id=form.programme, source_code=form.source_code.data,
            presets_cents=form.presets_cents, starts_on=form.starts_on.data, ends_on=form.ends_on.data,
            page=shown,
        )  # fmt: skip
    else:
        abort(404)


def _page(kind: str, form: Any, row_id: int | None) -> ResponseReturnValue:
    panels = panels_for(kind, row_id) if row_id else []
    title = title_of(kind, row_id is None)
    picture = _row(kind, row_id).picture_id if kind == "campaign" and row_id else None
    page = render_template(
        "programmes/form.html", form=form, kind=kind, title=title, panels=panels, picture=picture,
        pictures=",".join(services.PICTURES),
    )  # fmt: skip
    return page, form.status
