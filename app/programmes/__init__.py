"""Programmes that money goes to, restricted funds within them, and campaigns that raise it."""

from __future__ import annotations

from flask import Flask

from app.base.states import N_


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.programmes import models, queries, views
    from app.ui import navigation, records
    from app.ui.languages import language
    from app.ui.navigation import NavItem, Section
    from app.ui.permissions import Permission

    assert models
    app.register_blueprint(views.bp)
    label = N_("Programmes and campaigns")
    navigation.add(NavItem(Section.SETTINGS, "programmes.index", label, Permission.ORGANISATION_READ, 20))
    for kind, name in (("programme", N_("Programme")), ("fund", N_("Fund")), ("campaign", N_("Campaign"))):
        words.subject(kind, name)
    records.name({"programme": lambda ids: queries.programme_names(language())})
    records.name({"fund": lambda ids: queries.fund_names(language())})
    records.name({"campaign": lambda ids: queries.campaign_names(language())})
    words.actions(
        {
            "programme.saved": N_("changed a programme"),
            "fund.saved": N_("changed a fund"),
            "campaign.saved": N_("changed a campaign"),
        }
    )
