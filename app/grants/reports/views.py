"""The report of an obligation: looked at, downloaded, copied into a portal, kept as it was sent."""

from __future__ import annotations

import io

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.errors import NotFound, Refused
from app.base.states import N_
from app.documents import files
from app.documents import services as documents
from app.documents.models import Document
from app.extensions import now, writing
from app.grants.blueprint import bp
from app.grants.obligations import readiness
from app.grants.obligations.models import TO_DELIVER, Obligation
from app.grants.reports import pack as packs
from app.grants.reports import word
from app.grants.reports.pack import Pack
from app.grants.rows import locked
from app.ui import lists
from app.ui.permissions import Permission, requires

KEPT = "grant_report"  # the kind of record that kept reports belong to: nobody replaces or removes them by hand
FORMS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@bp.get("/grants/obligations/<int:obligation_id>/report")
@requires(Permission.GRANTS_READ)
def report(obligation_id: int) -> ResponseReturnValue:
    """The report, its text for a portal with a count of characters, and the versions that were kept."""
    pack = packs.gather(obligation_id)
    return render_template(
        "grants/report.html",
        pack=pack,
        line=pack.line,
        facts=packs.facts(pack),
        tables=packs.tables(pack),
        missing=readiness.missing(obligation_id),
        templates=[each for each in documents.documents_of("funder", pack.line.funder_id) if _is_template(each)],
        kept=documents.documents_of(KEPT, obligation_id),
        open=pack.row.state in TO_DELIVER,
    )


@bp.get("/grants/obligations/<int:obligation_id>/report/<any(pdf,docx,xlsx):form>")
@requires(Permission.GRANTS_READ)
def report_file(obligation_id: int, form: str) -> ResponseReturnValue:
    """The report as a file; Word in a template of the funder with `template=`."""
    pack = packs.gather(obligation_id)
    content = _made(pack, form, lists.row_id("template") if request.args.get("template") else None)
    return send_file(
        io.BytesIO(content), mimetype=FORMS[form], as_attachment=True, download_name=_name(pack, form), max_age=0
    )


@bp.post("/grants/obligations/<int:obligation_id>/report/keep")
@requires(Permission.GRANTS_WRITE)
def keep_report(obligation_id: int) -> ResponseReturnValue:
    """Lock what goes to the funder: all three files, under their fingerprints, as the next version."""
    pack = packs.gather(obligation_id)
    _must_be_open(pack.row)
    readiness.require(obligation_id)
    made = [files.keep(_made(pack, form), _name(pack, form)) for form in FORMS]
    at = now()
    with writing():
        _must_be_open(locked(Obligation, obligation_id))
        before = {each.media_type: each for each in documents.documents_of(KEPT, obligation_id)}
        for file in made:
            older = before.get(file.media_type)
            if older is None:
                documents.attach(file, (KEPT, obligation_id), "report", actor=current_user.actor, now=at)
            elif older.sha256 != file.sha256:
                documents.new_version(older.id, file, actor=current_user.actor, now=at)
    flash(_("Kept and locked, with its fingerprint."), "ok")
    return redirect(url_for("grants.report", obligation_id=obligation_id), 303)


def _must_be_open(row: Obligation) -> None:
    if row.state not in TO_DELIVER:
        raise Refused(N_("This report is with the funder already: what was sent stays as it is."))


def _made(pack: Pack, form: str, template_id: int | None = None) -> bytes:
    if form == "pdf":
        return packs.as_pdf(pack)
    if form == "xlsx":
        return packs.as_xlsx(pack)
    template = None
    if template_id is not None:
        mine = documents.documents_of("funder", pack.line.funder_id)
        chosen = next((each for each in mine if each.id == template_id and _is_template(each)), None)
        if chosen is None:
            raise NotFound(N_("This is not here, or not any more."))
        template = files.read(chosen.sha256)
    return word.as_docx(pack, template)


def _is_template(document: Document) -> bool:
    return document.kind == "template" and document.media_type == FORMS["docx"]


def _name(pack: Pack, form: str) -> str:
    return f"{pack.title} {pack.line.funder}.{form}".replace("/", "-")
