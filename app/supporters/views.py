"""The list of supporters, the page of one, and the search field of the top bar."""

from __future__ import annotations

import tempfile
from typing import Any

from flask import Blueprint, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.audit import services as audit
from app.base.dates import local_date
from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import now, writing
from app.saved import known
from app.sheets.columns import Column, Words
from app.sheets.csv_writer import open_csv, write_csv
from app.staff.queries import active_staff, by_ids
from app.supporters import listing, page, queries
from app.supporters import search as finding
from app.supporters.consent_models import Channel
from app.supporters.forms import options
from app.supporters.models import Kind, Role, Supporter
from app.ui import lists, search, timeline
from app.ui.permissions import Permission, may, requires

bp = Blueprint("supporters", __name__)

SORTS = {
    "name": lists.Sort(N_("Name"), (lists.asc(Supporter.sort_key),)),
    "new": lists.Sort(N_("Known since"), (lists.desc(Supporter.id),)),
}


HEADINGS = (
    N_("Reference"), N_("Name"), N_("Sort name"), N_("Kind"), N_("Roles"), N_("E-mail"), N_("Phone"), N_("Street"),
    N_("Postcode"), N_("Town"), N_("Country"), N_("Language"),
)  # fmt: skip


def _filter() -> listing.Filter:
    kind, role = lists.choice("kind", Kind), lists.choice("role", Role)
    consent = lists.choice("consent", Channel)
    return listing.Filter(
        q=lists.search_text(),
        kind=next((k for k in Kind if k.value == kind), None),
        role=next((r for r in Role if r.value == role), None),
        consent=next((c for c in Channel if c.value == consent), None),
        place=lists.search_text("place", 80),
        complaint=lists.choice("complaint", ("open",)) == "open",
        owner_id=lists.row_id("owner"),
    )


known.keep(
    "supporters", "supporters.index", N_("Supporters"),
    ("kind", "role", "consent", "owner", "complaint", "place"), _filter,
)  # fmt: skip


@bp.get("/supporters")
@requires(Permission.SUPPORTERS_READ)
def index() -> ResponseReturnValue:
    wanted = _filter()
    listed = listing.listed(wanted, notes=may(Permission.NOTES_READ))
    found = None if listed is None else lists.page(listed.people, SORTS, key=Supporter.id, default="name")
    ids = [s.id for s in found] if found else []
    shown: dict[str, Any] = {
        "page": found,
        "wanted": wanted,
        "total": 0 if listed is None else listed.count(),
        "counted": listing.COUNTED,
        "emails": queries.primary_emails(ids),
        "places": queries.current_addresses(ids),
        "roles": queries.roles_of(ids),
        "kinds": options(Kind),
        "all_roles": options(Role),
        "channels": options(Channel),
        "staff": [(str(s.id), s.name) for s in active_staff()],
    }
    return render_template("supporters/index.html", **shown)


@bp.get("/supporters/export.csv")
@requires(Permission.EXPORTS_PERSONAL)
def export() -> ResponseReturnValue:
    """The list as filtered, as the Dutch CSV. Who took it out is in the trail."""
    listed = listing.listed(_filter(), notes=may(Permission.NOTES_READ))
    columns = [Column(_(heading)) for heading in HEADINGS]
    words = Words(rows=_("Rows"), total=_("Total"), totals_sheet=_("Totals"))
    # Written first and sent after: a slow download must not hold a read transaction open.
    file = tempfile.NamedTemporaryFile(suffix=".csv")  # noqa: SIM115 (send_file closes it)
    with open_csv(file.name) as text:
        counted = write_csv(text, columns, iter(()) if listed is None else listing.export_rows(listed.people), words)
    with writing():
        audit.record(
            "supporters.exported", ("staff", current_user.id), actor=current_user.actor, now=now(),
            changes={"rows": [None, counted.rows]},
        )  # fmt: skip
    name = f"{_('supporters')}-{local_date(now()):%Y-%m-%d}.csv"
    return send_file(file, mimetype="text/csv; charset=utf-8", as_attachment=True, download_name=name)


@bp.get("/supporters/<int:supporter_id>")
@requires(Permission.SUPPORTERS_READ)
def show(supporter_id: int) -> ResponseReturnValue:
    supporter = queries.get(supporter_id)
    today = local_date(now())
    notes = page.interactions(supporter_id)
    complaints = page.open_complaints(supporter_id)
    staff_ids = {supporter.owner_id, *(n.by_id for n in notes), *(c.assignee_id for c in complaints)} - {None}
    shown: dict[str, Any] = {
        "supporter": supporter,
        "today": today,
        "roles": queries.roles_of([supporter_id]).get(supporter_id, set()),
        "contact": page.contact_details(supporter_id),
        "relations": page.related(supporter_id),
        "permissions": page.permissions(supporter_id, today),
        "consents": page.consent_history(supporter_id),
        "objections": page.objections(supporter_id),
        "notes": notes,
        "complaints": complaints,
        "doubles": page.open_doubles(supporter_id),
        "stays": queries.names([supporter.merged_into_id]) if supporter.merged_into_id else {},
        "people": by_ids({i for i in staff_ids if i is not None}),
        "timeline": timeline.told("supporter", supporter_id),
    }
    return render_template("supporters/show.html", **shown)


@bp.get("/search")
@requires(Permission.COCKPIT_READ)
def search_page() -> ResponseReturnValue:
    """Results of all rooms, as a page: also what works without JavaScript."""
    q = lists.search_text()
    return render_template("supporters/search.html", q=q, found=search.find(q, limit=25) if q else [])


@bp.get("/search/suggest")
@requires(Permission.COCKPIT_READ)
def suggest() -> ResponseReturnValue:
    """The same, as a piece of HTML to show while typing."""
    q = lists.search_text()
    return render_template("supporters/suggest.html", found=search.find(q, limit=6) if q else [])


@search.provider("supporters", N_("Supporters"), order=10, permission=Permission.SUPPORTERS_READ)
def find_supporters(query: str, limit: int) -> list[search.Hit]:
    hits = finding.suggest(query, notes=may(Permission.NOTES_READ), limit=limit)
    return [
        search.Hit(
            hit.name, " · ".join(part for part in (hit.place, hit.email) if part),
            url_for("supporters.show", supporter_id=hit.id), "building" if hit.kind is Kind.ORGANISATION else "person",
        )
        for hit in hits
    ]  # fmt: skip


def loaded_for(supporter_id: int) -> Supporter:
    """The supporter a form is about: 404 where there is none, the row that stays is not guessed."""
    supporter = queries.get(supporter_id)
    if supporter.anonymised_at is not None:
        raise NotFound(N_("This record was closed and cannot be changed."))
    return supporter
