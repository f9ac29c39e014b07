"""The report of an obligation: looked at, downloaded, copied into a portal, kept as it was sent."""

from __future__ import annotations

import hashlib
import io

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.audit.services import record
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.documents import files
from app.documents import services as documents
from app.documents.models import Document
from app.extensions import now, writing
from app.grants.blueprint import bp
from app.grants.obligations import queries as obligations
from app.grants.obligations import readiness
from app.grants.obligations.forms import FileForm, ReasonForm
from app.grants.obligations.models import TO_DELIVER, Obligation
from app.grants.pages import form_page
from app.grants.reports import keeping, word
from app.grants.reports import pack as packs
from app.grants.reports.keeping import FORMS
from app.grants.reports.pack import Pack
from app.grants.rows import locked
from app.staff import queries as staff
from app.ui import filters, lists
from app.ui.permissions import Permission, may, requires


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
        kept=keeping.kept(obligation_id),
        can_take_off=keeping.can_take_off,
        taken_off=(off := keeping.taken_off(obligation_id)),
        people=staff.by_ids(line.actor_id for line in off if line.actor_id),
        open=pack.row.state in TO_DELIVER,
        changed=pack.row.state in TO_DELIVER and keeping.changed_since_locked(obligation_id),
        check=FileForm(formdata=None),
        accept=files.ACCEPT,
        placeholders=[*word.words(pack), *(f"{group}.{name}" for group, names in word.ROWS.items() for name in names)],
    )


@bp.get("/grants/obligations/<int:obligation_id>/report/<any(pdf,docx,xlsx):form>")
@requires(Permission.GRANTS_READ)
def report_file(obligation_id: int, form: str) -> ResponseReturnValue:
    """The report as a file; Word in a template of the funder with `template=`."""
    pack = packs.gather(obligation_id)
    chosen = lists.row_id("template") if request.args.get("template") else None
    content = keeping.content(pack, form, _template(pack, chosen) if chosen is not None and form == "docx" else None)
    name = keeping.name(pack, form)
    return send_file(io.BytesIO(content), mimetype=FORMS[form], as_attachment=True, download_name=name, max_age=0)


@bp.get("/grants/obligations/<int:obligation_id>/report.zip")
@requires(Permission.GRANTS_READ)
def report_bundle(obligation_id: int) -> ResponseReturnValue:
    """Everything for the funder in one go: the three files, and the evidence where one may open documents."""
    pack = packs.gather(obligation_id)
    evidence = keeping.evidence(pack) if may(Permission.DOCUMENTS_READ) else []
    made = keeping.bundle(pack, evidence)
    with writing():
        for each in evidence:
            told = {"file": each.filename, "version": each.number}
            record("document.opened", ("document", each.family), actor=current_user.actor, now=now(), changes=told)
    name = keeping.name(pack, "zip")
    return send_file(made, mimetype="application/zip", as_attachment=True, download_name=name, max_age=0)


@bp.post("/grants/obligations/<int:obligation_id>/report/keep")
@requires(Permission.GRANTS_WRITE)
def keep_report(obligation_id: int) -> ResponseReturnValue:
    """Lock what goes to the funder: all three files, under their fingerprints, as the next version."""
    pack = packs.gather(obligation_id)
    _must_be_open(pack.row)
    readiness.require(obligation_id)
    made = keeping.make(pack)
    with writing():
        _must_be_open(locked(Obligation, obligation_id))
        keeping.lock(obligation_id, made, actor=current_user.actor, now=now())
    flash(_("Kept and locked, with its fingerprint."), "ok")
    return redirect(url_for("grants.report", obligation_id=obligation_id), 303)


@bp.post("/grants/obligations/<int:obligation_id>/report/own-file")
@requires(Permission.GRANTS_WRITE)
def keep_own_file(obligation_id: int) -> ResponseReturnValue:
    """Lock a file as it really goes out: the Word file as somebody edited it, or the funder's own form."""
    _must_be_open(obligations.one(obligation_id)[0])
    form = FileForm()
    if not form.validate() or not form.file.data:
        raise Invalid(N_("Choose a file first."), field="file")
    file = files.keep(form.file.data.read(files.MAX_BYTES + 1), form.file.data.filename or "")
    with writing():
        _must_be_open(locked(Obligation, obligation_id))
        keeping.lock_own(obligation_id, file, actor=current_user.actor, now=now())
    flash(_("Kept and locked, with its fingerprint."), "ok")
    return redirect(url_for("grants.report", obligation_id=obligation_id), 303)


@bp.route("/grants/obligations/<int:obligation_id>/report/files/<int:document_id>/remove", methods=["GET", "POST"])
@requires(Permission.FINANCE_WRITE)
def take_off_locked(obligation_id: int, document_id: int) -> ResponseReturnValue:
    """Take a file off that was locked by mistake as what went to the funder, with a reason."""
    line = obligations.one(obligation_id)[1]
    found = {each.id: each for each in keeping.kept(obligation_id)}.get(document_id)
    if found is None:
        raise NotFound(N_("This file is not here (any more)."))
    return form_page(
        lambda **kwargs: ReasonForm(**kwargs),
        lambda form: keeping.take_off(
            obligation_id, document_id, form.note.data or "", actor=current_user.actor, now=now()
        ),
        title=_("Take this file off"),
        subject=f"{found.filename} · {line.subject}",
        submit=_("Take it off"),
        said=_("The file is taken off."),
        back=url_for("grants.report", obligation_id=obligation_id),
        tone="danger",
        explain=_(
            "Its name, its fingerprint and your reason stay in sight with the report. If another file went out, keep"
            " that one as a proof."
        ),
    )


@bp.post("/grants/obligations/<int:obligation_id>/report/check")
@requires(Permission.GRANTS_READ)
def check_report(obligation_id: int) -> ResponseReturnValue:
    """Say whether a file somebody holds is, byte for byte, a version that was locked. Nothing is stored."""
    obligations.one(obligation_id)
    form = FileForm()
    if not form.validate() or not form.file.data:
        raise Invalid(N_("Choose a file first."), field="file")
    found = keeping.recognise(obligation_id, hashlib.file_digest(form.file.data.stream, "sha256").hexdigest())
    if found is None:
        flash(_("This file differs from every version that was locked here."), "warn")
    elif found.removed_at:
        day = filters.long_date(local_date(found.removed_at))
        told = _("This is %(name)s. It was locked here, and taken off on %(day)s.", name=found.filename, day=day)
        flash(told, "warn")
    else:
        day = filters.long_date(local_date(found.created_at))
        told = _(
            "This is %(name)s, version %(number)s, locked on %(day)s, unchanged.",
            name=found.filename,
            number=found.number,
            day=day,
        )
        flash(told, "ok")
    return redirect(url_for("grants.report", obligation_id=obligation_id), 303)


def _must_be_open(row: Obligation) -> None:
    if row.state not in TO_DELIVER:
        raise Refused(N_("This report is with the funder already: what was sent stays as it is."))


def _template(pack: Pack, template_id: int) -> bytes:
    mine = documents.documents_of("funder", pack.line.funder_id)
    chosen = next((each for each in mine if each.id == template_id and _is_template(each)), None)
    if chosen is None:
        raise NotFound(N_("This is not here, or not any more."))
    return files.read(chosen.sha256)


def _is_template(document: Document) -> bool:
    return document.kind == "template" and document.media_type == FORMS["docx"]
