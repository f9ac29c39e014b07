"""Direct debit: mandates (permission to collect) and collections (one debit of one period)."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.direct_debit import (
        batch_models,
        building,
        dying,
        exporting,
        keeping,
        looking,
        models,
        places,
        return_views,
        sending,
        settling,
        views,
    )
    from app.vault.rotation import SealedColumn, declare_sealed

    assert models, batch_models
    assert building, dying  # register their jobs
    assert exporting  # declares where its files are
    assert settling  # registers what it does when a checkout is paid or ends
    assert sending, looking  # register their jobs
    declare_sealed(
        SealedColumn("mandate", "iban_sealed", "mandate iban:{id}"),
        SealedColumn("mandate", "holder_sealed", "mandate holder:{id}"),
    )
    assert return_views
    keeping.register()
    places.register()
    app.register_blueprint(views.bp)
