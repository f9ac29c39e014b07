"""Make and change programmes, funds and campaigns. Inside the caller's `with writing():`."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.extensions import db
from app.programmes.models import Campaign, Fund, Programme

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_PRESETS = 6


def save_programme(
    programme_id: int | None,
    *,
    slug: str,
    name_nl: str,
    name_en: str,
    description_nl: str = "",
    description_en: str = "",
    rj_goal: str | None = None,
    public: bool = False,
    active: bool = True,
    position: int | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Make a programme (None) or change one. Gives its id."""
    values: dict[str, Any] = {
        "name_nl": name_nl, "name_en": name_en, "description_nl": description_nl,
        "description_en": description_en, "rj_goal": rj_goal or None, "public": public, "active": active,
    }  # fmt: skip
    if position is not None:
        if position < 0:
            raise Invalid(N_("Use 0 or a higher number."), field="position")
        values["position"] = position
    elif programme_id is None:
        values["position"] = db.session.execute(select(func.count()).select_from(Programme)).scalar_one()
    return _save(Programme, programme_id, slug, values, actor, now)


def save_fund(
    fund_id: int | None,
    *,
    slug: str,
    name_nl: str,
    name_en: str,
    programme_id: int | None = None,
    restricted: bool = True,
    active: bool = True,
    actor: Actor,
    now: datetime,
) -> int:
    """Make a fund (None) or change one. Gives its id."""
    values = {
        "name_nl": name_nl, "name_en": name_en, "programme_id": _known_programme(programme_id),
        "restricted": restricted, "active": active,
    }  # fmt: skip
    return _save(Fund, fund_id, slug, values, actor, now)


def save_campaign(
    campaign_id: int | None,
    *,
    slug: str,
    name_nl: str,
    name_en: str,
    source_code: str,
    programme_id: int | None = None,
    presets_cents: list[int] | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    active: bool = True,
    actor: Actor,
    now: datetime,
) -> int:
    """Make a campaign (None) or change one; presets are whole cents, lowest first. Gives its id."""
    if starts_on and ends_on and ends_on < starts_on:
        raise Invalid(N_("The end is before the start."), field="ends_on")
    presets = sorted(set(presets_cents or []))
    if len(presets) > MAX_PRESETS:
        raise Invalid(N_("At most %(most)s amounts."), field="presets_cents", most=MAX_PRESETS)
    if any(type(cents) is not int or cents <= 0 for cents in presets):
        raise Invalid(N_("The amount must be more than zero."), field="presets_cents")
    code = source_code.strip().upper()
    if not re.fullmatch(r"[A-Z0-9]+(?:-[A-Z0-9]+)*", code) or len(code) > 30:
        raise Invalid(N_("Use letters, figures and single hyphens, for example VOORJAAR-2027."), field="source_code")
    _unique(Campaign, campaign_id, "source_code", code)
    values = {
        "name_nl": name_nl, "name_en": name_en, "source_code": code, "programme_id": _known_programme(programme_id),
        "presets_cents": presets, "starts_on": starts_on, "ends_on": ends_on, "active": active,
    }  # fmt: skip
    return _save(Campaign, campaign_id, slug, values, actor, now)


def _known_programme(programme_id: int | None) -> int | None:
    if programme_id is not None and db.session.get(Programme, programme_id) is None:
        raise Invalid(N_("This programme is not there."), field="programme_id")
    return programme_id


def _unique(model: Any, row_id: int | None, column: str, value: str) -> None:
    taken = db.session.execute(select(model.id).where(getattr(model, column) == value)).scalar()
    if taken is not None and taken != row_id:
        raise Invalid(N_("This is already in use: choose another."), field=column)


def _save(model: Any, row_id: int | None, slug: str, values: dict[str, Any], actor: Actor, now: datetime) -> int:
    """Insert or update one row of `model`, with its trace."""
    if not _SLUG.fullmatch(slug) or len(slug) > 60:
        raise Invalid(N_("Use small letters, figures and single hyphens, for example watch-nederland."), field="slug")
    for name in ("name_nl", "name_en"):
        values[name] = values[name].strip()
        if not values[name]:
            raise Invalid(N_("Fill this in."), field=name)
    _unique(model, row_id, "slug", slug)
    values = {"slug": slug} | values
    if row_id is None:
        row = model(**values)
        db.session.add(row)
        changes = {name: [None, _plain(value)] for name, value in values.items() if value not in (None, "", [])}
    else:
        row = db.session.get(model, row_id)
        if row is None:
            raise NotFound(N_("This page is not there."))
        changes = {}
        for name, value in values.items():
            if getattr(row, name) != value:
                changes[name] = [_plain(getattr(row, name)), _plain(value)]
                setattr(row, name, value)
    if changes:
        db.session.flush()
        kind = model.__tablename__
        audit.record(f"{kind}.saved", (kind, row.id), actor=actor, now=now, changes=changes)
    return int(row.id)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
