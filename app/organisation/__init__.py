"""The one legal entity that receives the money: profile, own bank accounts, creditor identifier."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
