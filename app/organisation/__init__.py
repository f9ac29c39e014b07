"""The organisation: the one legal entity that receives the money, and its own bank accounts."""

from __future__ import annotations

from flask import Flask

from app.base.states import N_


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.documents import services as documents
    from app.organisation import models, public_views, queries, signing, signing_views, views
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
    words.subject(signing.SUBJECT, N_("Approval of signing online"))
    documents.protect(signing.SUBJECT, Permission.ORGANISATION_WRITE)
    words.actions(
        {
            "organisation.saved": N_("changed the organisation"),
            # Of before approvals had a table of their own.
            "organisation.online_signing": N_("changed whether periodic gifts may be signed online"),
            "organisation.signing_approved": N_(
                "recorded a tax adviser's approval: periodic gifts may be signed online"
            ),
            "organisation.signing_withdrawn": N_("withdrew the approval: periodic gifts are signed on paper only"),
            "organisation.account_saved": N_("changed a bank account of our own"),
        }
    )
