"""Gifts: what was given, by whom, for what, and how it was received."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.gifts import checks, from_checkouts, hand_views, models, places, refund_views, totals, views
    from app.gifts.recurring import starting

    assert models
    assert from_checkouts  # registers what it does when a checkout is paid
    assert totals  # registers the job that folds them
    assert hand_views
    assert starting  # after from_checkouts: a commitment needs the gift's supporter
    assert refund_views
    checks.init()
    places.register()
    app.register_blueprint(views.bp)
