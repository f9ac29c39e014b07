"""Pages of finance: income, entries, accounts, exports."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("finance", __name__)

from app.finance.views import (  # noqa: E402, F401  (need bp)
    accounts,
    clearing,
    entries,
    exports,
    figures,
    funds,
    income,
    layouts,
    months,
    openings,
    sample,
    year_end,
)
