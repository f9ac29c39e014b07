"""Gifts: what was given, by whom, for what, and how it was received."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.gifts import (
        batch_models,
        batch_views,
        checks,
        declaration,
        entry_views,
        from_checkouts,
        hand_views,
        keeping,
        legacy_views,
        models,
        places,
        refund_views,
        totals,
        views,
    )
    from app.gifts.periodic import jobs as periodic_jobs
    from app.gifts.periodic import places as periodic_places
    from app.gifts.periodic import signing_views as periodic_signing
    from app.gifts.periodic import step_views as periodic_steps
    from app.gifts.periodic import views as periodic_views
    from app.gifts.recurring import change_views, collecting, commands, failing, notices, planning, repairing, starting
    from app.gifts.recurring import places as recurring_places
    from app.gifts.recurring import views as recurring_views

    assert models
    assert from_checkouts  # registers what it does when a checkout is paid
    assert totals  # registers the job that folds them
    assert batch_models
    assert batch_views
    assert declaration
    assert entry_views
    assert hand_views
    assert legacy_views
    assert change_views
    recurring_places.register()
    commands.init_app(app)
    app.register_blueprint(recurring_views.bp)
    assert notices, planning  # register their jobs
    assert collecting  # registers what it does when our own direct debits are booked
    assert failing, starting  # register what they do when a first payment comes in or a collection fails
    assert repairing  # registers what it does when a repair is paid and its mandate valid
    assert refund_views
    checks.init()
    keeping.register()
    places.register()
    app.register_blueprint(views.bp)
    assert periodic_jobs
    periodic_places.register()
    assert periodic_steps
    assert periodic_signing
    app.register_blueprint(periodic_views.bp)
