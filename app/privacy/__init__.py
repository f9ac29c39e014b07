"""What we hold of a person: access, merge with undo, by the registry of holdings alone."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.base.states import N_
    from app.outbox.services import forget_when_over
    from app.privacy import erasing, erasure_models, erasure_views, models, places, views

    assert models, erasure_models
    assert erasing  # registers its jobs
    assert erasure_views
    forget_when_over("privacy/erased")
    places.register()
    app.register_blueprint(views.bp)
    words.doers(
        {
            "erasure": N_("erasure"),
            "restored backup": N_("restored backup"),
        }
    )
    words.actions(
        {
            "supporter.merged": N_("made one of this record and another"),
            "supporter.access": N_("took out all data of a person"),
            "supporter.unmerged": N_("made two records of one again"),
        }
    )
