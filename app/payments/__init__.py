"""Money that moves through a payment provider: checkouts, payments, webhooks, the poller."""

from __future__ import annotations

from flask import Flask

from app.base.states import N_


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.base.holdings import Holding, OnErase, OnMerge, declare
    from app.payments import demo_views, jobs, methods, models, pings, refunds, views, webhook_views
    from app.payments.providers import registry
    from app.ui import navigation
    from app.ui.navigation import NavItem, Section
    from app.ui.permissions import Permission
    from app.vault.rotation import SealedColumn, declare_sealed

    assert models
    assert jobs
    assert refunds
    declare_sealed(
        SealedColumn("checkout", "details", "checkout:{id}"), SealedColumn("payment", "consumer", "payment:{id}")
    )
    declare(
        Holding(
            "payment",
            "supporter_id",
            OnMerge.MOVE,
            OnErase.CLEAR,
            ("consumer",),
            label=N_("Payments"),
            words=(("refund", "payment_id", ("reason",)),),
        ),
    )
    words.doers(
        {
            "payment poller": N_("asked the payment provider"),
            "refund poller": N_("asked the payment provider"),
            "webhook": N_("told by the payment provider"),
            "return page": N_("donor came back from paying"),
            "demo bank": N_("demo bank"),
            "Steun ons": "Steun ons",
        }
    )
    registry.init_app(app)
    methods.init_app(app)
    pings.init_app(app)
    app.register_blueprint(views.bp)
    app.register_blueprint(webhook_views.bp)
    if not app.config["SETTINGS"].is_production:
        app.register_blueprint(demo_views.bp)
    navigation.add(
        NavItem(Section.GIFTS, "payments.index", N_("Online payments"), Permission.FINANCE_READ, order=40),
    )
