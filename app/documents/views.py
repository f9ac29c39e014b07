"""Opening a stored file. Who opened what is in the audit trail."""

from __future__ import annotations

import io

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.audit.services import record
from app.base.errors import NotFound
from app.base.states import N_
from app.documents import files
from app.documents.models import Document
from app.documents.services import permission_for
from app.extensions import db, now, writing
from app.ui.permissions import Permission, may, requires

bp = Blueprint("documents", __name__)
_SHOWN = {"application/pdf", "image/png", "image/jpeg", "image/webp"}


@bp.get("/documents/<int:document_id>")
@requires(Permission.DOCUMENTS_READ)
def show(document_id: int) -> ResponseReturnValue:
    """PDF and pictures open in the browser, the rest is downloaded."""
    document = db.session.get(Document, document_id)
    needed = permission_for(document.subject_type) if document else None
    if document is None or document.removed_at is not None or needed is None or not may(needed):
        raise NotFound(N_("This file is not here (any more)."))
    content = files.read(document.sha256)
    subject, name, media_type = (document.subject_type, document.subject_id), document.filename, document.media_type
    with writing():
        record("document.opened", subject, actor=current_user.actor, now=now(), changes={"file": name})
    response = send_file(
        io.BytesIO(content), mimetype=media_type, download_name=name, as_attachment=media_type not in _SHOWN, max_age=0
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response
