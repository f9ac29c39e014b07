"""A campaign as its page shows it, with what was raised so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.base.dates import local_date
from app.extensions import db, now
from app.gifts.raised import raised_by
from app.giving.stories import Part, paragraphs
from app.programmes.models import Campaign
from app.programmes.queries import campaign_by_slug


@dataclass(frozen=True, slots=True)
class Appeal:
    """What the page of one campaign shows in one language. Amounts in cents."""

    id: int
    slug: str
    name: str
    story: str
    programme_id: int | None
    presets_cents: tuple[int, ...]
    source_code: str
    is_open: bool
    target_cents: int | None = None
    raised_cents: int = 0
    gifts: int = 0
    picture_id: int | None = None
    picture_alt: str = ""

    @property
    def paragraphs(self) -> list[list[Part]]:
        return paragraphs(self.story)

    @property
    def introduction(self) -> str:
        """The first words, for search engines and who shares the page."""
        text = " ".join(self.story.split())
        return text if len(text) <= 160 else text[:157].rsplit(" ", 1)[0] + "…"


def appeal_of(slug: str, language: str, today: date, *, preview: bool = False) -> Appeal | None:
    """The campaign with this address; None where there is none that donors may see now.

    `preview` shows it before its time, as if it were open.
    """
    campaign = campaign_by_slug(slug)
    if campaign is None or not (preview or campaign.has_begun(today)):
        return None
    return _shown(campaign, language, is_open=preview or campaign.is_open(today))


def campaign_slug(campaign_id: int | None) -> str:
    """Where the page of this campaign is; empty where donors cannot give to it now."""
    campaign = db.session.get(Campaign, campaign_id) if campaign_id is not None else None
    return campaign.slug if campaign is not None and campaign.is_open(local_date(now())) else ""


def _shown(campaign: Campaign, language: str, *, is_open: bool) -> Appeal:
    raised, gifts = raised_by(campaign.id) if campaign.target_cents else (0, 0)
    return Appeal(
        id=campaign.id, slug=campaign.slug, name=campaign.name(language), story=campaign.story(language),
        programme_id=campaign.programme_id, presets_cents=tuple(campaign.presets_cents),
        source_code=campaign.source_code, is_open=is_open, target_cents=campaign.target_cents, raised_cents=raised,
        gifts=gifts, picture_id=campaign.picture_id, picture_alt=campaign.picture_alt(language),
    )  # fmt: skip
