"""What belongs to a campaign's page: its picture, a preview for staff, and the panel with its addresses."""

from __future__ import annotations

from html import escape

from flask import Response, make_response
from flask.typing import ResponseReturnValue

from app.base.dates import local_date
from app.base.errors import NotFound
from app.base.states import N_
from app.documents import files
from app.extensions import db, now, settings
from app.gifts.raised import raised_by
from app.giving import offer, page
from app.giving.places import Place
from app.giving.views import bp
from app.programmes.models import Campaign
from app.programmes.queries import campaign_picture
from app.ui import languages
from app.ui.panels import Panel, panel
from app.ui.permissions import Permission, may, requires


@bp.get("/steun-ons/beeld/<int:document_id>")
def picture(document_id: int) -> ResponseReturnValue:
    """The picture of a campaign that has begun; any other file is not here."""
    found = campaign_picture(document_id)
    shown = found is not None and found[1].has_begun(local_date(now()))
    if found is None or not (shown or may(Permission.ORGANISATION_READ)):
        raise NotFound(N_("This file is not here (any more)."))
    response = Response(files.read(found[0].sha256), content_type=found[0].media_type)
    response.headers["Cache-Control"] = "public, max-age=3600" if shown else "no-store"
    return response


@bp.get("/steun-ons/actie/<slug>/voorbeeld")
@requires(Permission.ORGANISATION_READ)
def preview_nl(slug: str) -> ResponseReturnValue:
    """A campaign's page as donors will see it, before its time too."""
    return _preview(Place("nl", slug))


@bp.get("/en/support-us/campaign/<slug>/preview")
@requires(Permission.ORGANISATION_READ)
def preview_en(slug: str) -> ResponseReturnValue:
    """The same in English."""
    return _preview(Place("en", slug))


def _preview(place: Place) -> Response:
    languages.by_address()
    offered = offer.current(place, preview=True)
    # Without a token nothing can be sent from here.
    response = make_response(page.render(place, page.blank_form(offered, ""), offered, preview=True))
    response.headers["Cache-Control"] = "no-store"
    return response


# As high as the form can become at each width of the column it stands in, so that it never scrolls inside itself: an
# organisation that gives each month by our own mandate in memory of somebody fills 5,382 px at 280, 4,183 at 480 and
# 3,210 from 680 on (tests/browser/test_giving.py). Without script nothing tells the site less: the rest stays empty.
_HEIGHT = "max(3300px,calc(6800px - 496cqw))"


def snippet(address: str, title: str) -> str:
    """What another site pastes to show the form there: a frame without script, whose height follows its width."""
    return (
        f'<div style="container-type:inline-size"><iframe src="{escape(address)}" title="{escape(title)}" width="100%"'
        f' height="3300" style="width:100%;height:{_HEIGHT};border:0" loading="lazy"></iframe></div>'
    )


@panel("campaign", "page", order=10, permission=Permission.ORGANISATION_READ)
def page_panel(campaign_id: int) -> Panel | None:
    """Where its page is, what came in by it, and how to put the form on another site."""
    campaign = db.session.get(Campaign, campaign_id)
    if campaign is None:
        return None
    raised, gifts = raised_by(campaign_id)
    base = settings().public_url
    framed = Place("nl", campaign.slug, framed=True)
    return Panel(
        "giving/campaign_panel.html",
        {
            "campaign": campaign, "is_shown": campaign.has_begun(local_date(now())), "raised": raised, "gifts": gifts,
            "address": base + framed.whole.path, "snippet": snippet(base + framed.path, campaign.name("nl")),
            "hosts": settings().frame_hosts,
        },
    )  # fmt: skip
