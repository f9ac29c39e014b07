"""Staff accounts, roles, sign-in as steps, sessions that can be revoked, and the audit pages."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
