"""What we hold of a person: access, merge with undo, by the registry of holdings alone."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.base.states import N_
    from app.privacy import models, views

    assert models
    app.register_blueprint(views.bp)
    words.actions(
        {
            "supporter.merged": N_("made one of this record and another"),
            "supporter.access": N_("took out all data of a person"),
            "supporter.unmerged": N_("made two records of one again"),
        }
    )
