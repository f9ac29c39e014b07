"""Mail: written in the business transaction, delivered by the worker."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.base.states import N_
    from app.outbox import delivery, letters, models, views
    from app.ui import navigation
    from app.ui.permissions import Permission

    assert delivery
    assert letters
    assert models
    app.register_blueprint(views.bp)
    navigation.add(
        navigation.NavItem(
            navigation.Section.SETTINGS, "outbox.index", N_("Mail sent"), Permission.OUTBOX_READ, order=60,
            covers=("outbox.",),
        )
    )  # fmt: skip
