"""Money that moves through a payment provider: checkouts, payments, webhooks, the poller."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
