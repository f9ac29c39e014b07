"""Staff accounts, roles, sign-in as steps, sessions that can be revoked, and the audit pages."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.extensions import login_manager
    from app.staff import models, sessions, views

    assert models
    login_manager.request_loader(sessions.load_from_request)
    login_manager.session_protection = None  # our own sessions are checked on the server
    login_manager.login_view = "staff.login"
    app.register_blueprint(views.bp)
