"""Money that moves through a payment provider: checkouts, payments, webhooks, the poller."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.payments import methods, models
    from app.payments.providers import demo, registry
    from app.vault.rotation import SealedColumn, declare_sealed

    assert models
    assert demo
    declare_sealed(
        SealedColumn("checkout", "details", "checkout:{id}"), SealedColumn("payment", "consumer", "payment:{id}")
    )
    registry.init_app(app)
    methods.init_app(app)
