"""Double entry, append-only: accounts, periods, journal, postings."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
