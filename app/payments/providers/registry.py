"""Which providers this installation has. New checkouts go to the one of PAYMENT_PROVIDER."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from app.extensions import settings
from app.payments.providers.base import Provider
from config import Settings

BANK = "bank"  # a transfer that the donor makes: no provider, finance or a bank file sees it arrive
BANK_TRANSFER = "bank_transfer"
_KEY = "payment_providers"


def init_app(app: Flask) -> None:
    """Make the providers. The demo provider does not exist in production."""
    config: Settings = app.config["SETTINGS"]
    providers: dict[str, Provider] = {}
    if config.mollie_api_key:
        from app.payments.providers.mollie import MollieProvider

        providers["mollie"] = MollieProvider(config)
    if not config.is_production:
        from app.payments.providers.demo import DemoProvider

        providers["demo"] = DemoProvider()
    app.extensions[_KEY] = providers


def provider(name: str) -> Provider | None:
    """The provider of this name; None for transfers, and for one that is no longer configured."""
    return cast(dict[str, Provider], current_app.extensions[_KEY]).get(name)


def active() -> Provider:
    """The provider that takes new checkouts. Settings refuse to start without one."""
    return cast(dict[str, Provider], current_app.extensions[_KEY])[settings().payment_provider]
