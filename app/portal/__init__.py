"""Mijn giften: the donor's own page by a link in a mail, and the page that mends a failed payment."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.base.states import N_
    from app.portal import (
        agreement_views,
        change_views,
        detail_views,
        entry_views,
        erasure_views,
        mailbox_views,
        models,
        page_views,
        repair_views,
        signing_views,
    )
    from app.portal.guard import bp

    assert models
    assert agreement_views
    assert change_views
    assert detail_views
    assert entry_views
    assert erasure_views
    assert mailbox_views
    assert page_views
    assert signing_views
    app.register_blueprint(bp)
    repair_views.init()
    words.actions(
        {
            "portal.entered": N_("opened their own page"),
            "portal.email_asked": N_("asked for another e-mail address"),
            "portal.email_refused": N_("said that they did not ask for another e-mail address"),
        }
    )
