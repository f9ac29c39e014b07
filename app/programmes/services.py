"""Make and change programmes, funds and campaigns. Inside the caller's `with writing():`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import StoredFile
from app.extensions import db
from app.programmes.models import Campaign, Fund, Programme

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_PRESETS = 6
MAX_PICTURE = 400_000  # bytes; it is served as it is, also to a slow phone
PICTURES = ("image/png", "image/jpeg", "image/webp")


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPage:
    """What donors see of a campaign. `picture` takes the place of the one there was."""

    story_nl: str = ""
    story_en: str = ""
    target_cents: int | None = None
    picture: StoredFile | None = None
    without_picture: bool = False
    picture_alt_nl: str = ""
    picture_alt_en: str = ""


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


def keep_account(fund_id: int, account_id: int, *, actor: Actor, now: datetime) -> None:
    """Note on which account of the ledger this fund is booked, once and for all."""
    fund = db.session.get(Fund, fund_id)
    if fund is None:
        raise NotFound(N_("This fund is not there."))
    if fund.account_id is not None:
        raise Refused(N_("This fund has its account already."))
    fund.account_id = account_id
    db.session.flush()
    audit.record("fund.saved", ("fund", fund.id), actor=actor, now=now, changes={"account_id": [None, account_id]})


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
    page: CampaignPage | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Make a campaign (None) or change one; presets are whole cents, lowest first. Gives its id.

    Without `page` its page stays as it is.
    """
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
    if page is None:
        return _save(Campaign, campaign_id, slug, values, actor, now)
    values |= _page_values(page)
    row = db.session.get(Campaign, campaign_id) if campaign_id is not None else None
    before = row.picture_id if row is not None else None
    if (page.picture or before) and not page.without_picture and not (page.picture_alt_nl and page.picture_alt_en):
        raise Invalid(
            N_("Say in both languages what the picture shows, for who cannot see it."),
            field="picture_alt_en" if page.picture_alt_nl else "picture_alt_nl",
        )  # fmt: skip
    saved = _save(Campaign, campaign_id, slug, values, actor, now)
    if page.picture is not None or page.without_picture:
        _put_picture(saved, before, page.picture, actor, now)
    return saved


def _page_values(page: CampaignPage) -> dict[str, Any]:
    if page.target_cents is not None and page.target_cents <= 0:
        raise Invalid(N_("The amount must be more than zero."), field="target")
    if page.picture is not None:
        if page.picture.media_type not in PICTURES:
            raise Invalid(N_("Choose a picture: PNG, JPEG or WebP."), field="picture")
        if page.picture.size > MAX_PICTURE:
            raise Invalid(
                N_("This picture is too heavy: at most %(most)s kB."), field="picture", most=MAX_PICTURE // 1000
            )
    return {
        "story_nl": page.story_nl.strip(), "story_en": page.story_en.strip(), "target_cents": page.target_cents,
        "picture_alt_nl": page.picture_alt_nl.strip(), "picture_alt_en": page.picture_alt_en.strip(),
    }  # fmt: skip


def _put_picture(campaign_id: int, before: int | None, picture: StoredFile | None, actor: Actor, now: datetime) -> None:
    """The new picture in the place of the old one, or none."""
    campaign = db.session.get_one(Campaign, campaign_id)
    campaign.picture_id = (
        documents.attach(picture, ("campaign", campaign_id), "picture", actor=actor, now=now).id if picture else None
    )
    db.session.flush()
    if before is not None:
        documents.remove(before, actor=actor, now=now)


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
