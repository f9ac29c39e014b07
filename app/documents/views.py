"""The list of documents, one with its preview and versions, and opening it. Who opened what is in the trail."""

from __future__ import annotations

import io

from flask import Blueprint, flash, make_response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.audit.services import record
from app.audit.words import action_label
from app.base.errors import Forbidden, Invalid, NotFound, Refused
from app.base.states import N_
from app.documents import files, pictures, queries, services
from app.documents.forms import AddForm, NameForm, VersionForm
from app.documents.models import Document, DocumentKind
from app.extensions import now, writing
from app.ui import lists, records
from app.ui.permissions import Permission, may, requires

bp = Blueprint("documents", __name__)
SORTS = {
    "date": lists.Sort(N_("Added"), (lists.desc(Document.created_at),)),
    "name": lists.Sort(N_("Name"), (lists.asc(Document.filename),)),
    "size": lists.Sort(N_("Size"), (lists.desc(Document.size),)),
}
# Nothing runs, nothing is fetched, whatever the file holds; the type is told, never guessed (nosniff).
# A PDF goes without `sandbox`: browsers then refuse to show it; its viewer runs apart from our pages anyway.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"


@bp.get("/documents")
@requires(Permission.DOCUMENTS_READ)
def index() -> ResponseReturnValue:
    """All documents one may open: search by name, filter by what they are and what they belong to."""
    q, kind = lists.search_text(), lists.choice("kind", DocumentKind)
    owners = {name: label for name in services.protected() if (label := records.label_of(name))}
    owner = lists.choice("owner", owners)
    chosen = queries.listing()
    if q:
        chosen = chosen.where(queries.matches(q))
    if kind:
        chosen = chosen.where(Document.kind == kind)
    if owner:
        chosen = chosen.where(Document.subject_type == owner)
    page = lists.page(chosen, SORTS, key=Document.id, default="date")
    kinds = [(each.value, _(each.label)) for each in DocumentKind]
    belongs = [(name, _(label)) for name, label in owners.items()]
    return render_template(
        "documents/index.html",
        page=page,
        q=q,
        filters=[
            {"name": "kind", "label": _("What it is"), "value": kind, "options": kinds},
            {"name": "owner", "label": _("Belongs to"), "value": owner, "options": belongs},
        ],
        total=queries.count(chosen),
        owners=records.shown((row.subject_type, row.subject_id) for row in page.rows),
        people=queries.people({row.created_by_id for row in page.rows if row.created_by_id}),
    )


@bp.get("/documents/<int:document_id>")
@requires(Permission.DOCUMENTS_READ)
def show(document_id: int) -> ResponseReturnValue:
    """One document: a preview, its versions, and who opened it."""
    document = queries.one(document_id)
    versions = queries.versions(document)
    owner = (document.subject_type, document.subject_id)
    return render_template(
        "documents/show.html",
        document=document,
        versions=versions,
        newest=versions[0],
        owner=records.shown([owner]).get(owner),
        people=queries.people({row.created_by_id for row in versions if row.created_by_id}),
        trail=queries.trail(document),
        action_label=action_label,
        write=_may_write(document.subject_type),
        form=VersionForm(formdata=None),
        accept=files.ACCEPT,
    )


@bp.get("/documents/<int:document_id>/content")
@requires(Permission.DOCUMENTS_READ)
def content(document_id: int) -> ResponseReturnValue:
    """The file itself. PDF and pictures open in the browser, the rest (and `?download=1`) is downloaded."""
    document = queries.one(document_id)
    blob = files.read(document.sha256)
    name, media_type = document.filename, document.media_type
    download = not document.is_shown or bool(request.args.get("download"))
    _opened(document)
    response = send_file(io.BytesIO(blob), mimetype=media_type, download_name=name, as_attachment=download, max_age=0)
    sandbox = "" if document.is_pdf and not download else "; sandbox"
    response.headers["Content-Security-Policy"] = _POLICY + sandbox
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.get("/documents/<int:document_id>/pages.png")
@requires(Permission.DOCUMENTS_READ)
def pages(document_id: int) -> ResponseReturnValue:
    """A picture of the first pages of a PDF; where it cannot be drawn, a picture that says so."""
    document = queries.one(document_id)
    if not document.is_pdf:
        raise NotFound(N_("This is not here, or not any more."))
    blob = files.read(document.sha256)
    _opened(document)
    try:
        response = make_response(pictures.of_pdf(blob))
        response.mimetype = "image/png"
    except Invalid as error:
        response = make_response(render_template("documents/no_pages.svg", text=_(error.message)))
        response.mimetype = "image/svg+xml"
    response.headers["Content-Security-Policy"] = f"{_POLICY}; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _opened(document: Document) -> None:
    family, told = ("document", document.family), {"file": document.filename, "version": document.number}
    with writing():
        record("document.opened", family, actor=current_user.actor, now=now(), changes=told)


@bp.route("/documents/new/<subject_type>/<int:subject_id>", methods=["GET", "POST"])
@requires(Permission.DOCUMENTS_WRITE)
def add(subject_type: str, subject_id: int) -> ResponseReturnValue:
    """Keep a file with a grant, an obligation, a funder or a partner."""
    _must_write(subject_type)
    owner = records.shown([(subject_type, subject_id)]).get((subject_type, subject_id))
    if owner is None:
        raise NotFound(N_("This is not here, or not any more."))
    form = AddForm()
    if form.validate_on_submit():
        try:
            file = form.stored()
            with writing():
                kind = form.kind.data.value
                services.attach(file, (subject_type, subject_id), kind, actor=current_user.actor, now=now())
            flash(_("The file is kept."), "ok")
            return redirect(owner.url, 303)
        except Invalid as error:
            form.add_error(error)
    return render_template("documents/add.html", form=form, owner=owner, accept=files.ACCEPT), form.status


@bp.post("/documents/<int:document_id>/version")
@requires(Permission.DOCUMENTS_WRITE)
def replace(document_id: int) -> ResponseReturnValue:
    """A newer version of the same document; the older one is kept."""
    _must_write(queries.one(document_id).subject_type)
    form = VersionForm()
    if not form.validate():
        raise Invalid(N_("Choose a file first."), field="file")
    file = form.stored()
    with writing():
        newest = services.new_version(document_id, file, actor=current_user.actor, now=now()).id
    flash(_("The new version is kept; the older one stays."), "ok")
    return redirect(url_for("documents.show", document_id=newest), 303)


@bp.route("/documents/<int:document_id>/edit", methods=["GET", "POST"])
@requires(Permission.DOCUMENTS_WRITE)
def edit(document_id: int) -> ResponseReturnValue:
    """Call it otherwise, or say it is something else."""
    document = queries.one(document_id)
    _must_write(document.subject_type)
    here = url_for("documents.show", document_id=document_id)
    form = NameForm(data={"filename": document.filename, "kind": document.kind})
    if form.validate_on_submit():
        try:
            with writing():
                services.change(
                    document_id,
                    filename=form.filename.data or "",
                    kind=form.kind.data,
                    actor=current_user.actor,
                    now=now(),
                )
            flash(_("Saved."), "ok")
            return redirect(here, 303)
        except (Invalid, Refused) as error:
            form.add_error(error)
    return render_template("documents/edit.html", form=form, document=queries.one(document_id), back=here), form.status


@bp.post("/documents/<int:document_id>/remove")
@requires(Permission.DOCUMENTS_WRITE)
def remove(document_id: int) -> ResponseReturnValue:
    """Take it off its record; the file itself stays until retention ends."""
    document = queries.one(document_id)
    _must_write(document.subject_type)
    owner = (document.subject_type, document.subject_id)
    with writing():
        services.remove(document_id, actor=current_user.actor, now=now())
    flash(_("The file is taken off."), "ok")
    shown = records.shown([owner]).get(owner)
    return redirect(shown.url if shown else url_for("documents.index"), 303)


def _may_write(subject_type: str) -> bool:
    needed = services.writers_of(subject_type)
    return needed is not None and may(needed) and may(Permission.DOCUMENTS_WRITE)


def _must_write(subject_type: str) -> None:
    if services.permission_for(subject_type) is None:
        raise NotFound(N_("This is not here, or not any more."))
    if not _may_write(subject_type):
        raise Forbidden(N_("Your role does not allow this."))


@bp.app_template_global()
def files_of(subject_type: str, subject_id: int) -> list[Document]:
    """For the panel of files on a record's page."""
    return services.documents_of(subject_type, subject_id)


@bp.app_template_global()
def may_add_files(subject_type: str) -> bool:
    return _may_write(subject_type)


@bp.app_template_filter("kind_of")
def kind_of(document: Document) -> str:
    """What a document is, in words; what only a room knows is told as the room wrote it."""
    try:
        return str(_(DocumentKind(document.kind).label))
    except ValueError:
        return document.kind


@bp.app_template_filter("file_size")
def file_size(size: int) -> str:
    """Bytes as people say them: 834 bytes, 12 kB, 3.4 MB."""
    if size < 1000:
        return str(_("%(size)s bytes", size=size))
    if size < 1_000_000:
        return f"{round(size / 1000)} kB"
    from app.ui.languages import language

    text = f"{size / 1_000_000:.1f} MB"
    return text.replace(".", ",") if language() == "nl" else text
