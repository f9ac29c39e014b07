"""Stored files, sealed, by content hash, in versions; and PDFs made from templates."""

from __future__ import annotations

from flask import Flask

from app.base.states import N_


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.documents import models, views
    from app.ui import navigation
    from app.ui.navigation import NavItem, Section
    from app.ui.permissions import Permission

    assert models
    app.register_blueprint(views.bp)
    place = NavItem(Section.GRANTS, "documents.index", N_("Documents"), Permission.DOCUMENTS_READ, order=70)
    navigation.add(place)
    words.subject("document", N_("Document"), "documents.show", "document_id")
    words.actions(
        {
            "document.attached": N_("added a file"),
            "document.opened": N_("opened the file"),
            "document.replaced": N_("added a newer version of the file"),
            "document.changed": N_("changed what the file is called"),
            "document.removed": N_("took a file off"),
        }
    )
    words.fields({"filename": N_("name of the file"), "kind": N_("kind"), "version": N_("version")})
