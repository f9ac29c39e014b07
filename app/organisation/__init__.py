"""The organisation: the one legal entity that receives the money, and its own bank accounts."""

from __future__ import annotations

from flask import Flask

from app.base.states import N_


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.organisation import models, public_views, queries, signing_views, views
    from app.ui import identity, navigation
    from app.ui.navigation import NavItem, Section
    from app.ui.permissions import Permission

    assert models
    assert views
    assert signing_views
    identity.provide(queries.known)
    app.register_blueprint(public_views.bp)
    navigation.add(
        NavItem(Section.SETTINGS, "organisation.show", N_("Organisation"), Permission.ORGANISATION_READ, 10),
    )
    words.subject("organisation", N_("Organisation"))
    words.subject("bank_account", N_("Bank account of our own"))
    words.actions(
        {
            "organisation.saved": N_("changed the organisation"),
            "organisation.online_signing": N_("changed whether periodic gifts may be signed online"),
            "organisation.account_saved": N_("changed a bank account of our own"),
        }
    )
