"""The test client: every request in an app context of its own, CSRF tokens sent and pages checked by default."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from flask import Flask, current_app
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.extensions.transactions import in_writing
from app.staff import passwords, services, sessions
from app.ui.permissions import Role
from tests.support import pages

PASSWORD = "een zin van genoeg woorden"  # noqa: S105  (of everybody whom `sign_in` makes)


class Client(FlaskClient):
    """Use it as Flask's own. `csrf=False` leaves the token out of an unsafe request.

    Every HTML page it gets is checked (tests/support/pages.py); `check=False` leaves that out.

    `staff_id` is who signed in through `sign_in`, None before.
    """

    application: Flask
    staff_id: int | None = None

    def open(self, *args: Any, csrf: bool = True, check: bool = True, **kwargs: Any) -> TestResponse:
        if csrf and kwargs.get("method", "GET") in ("POST", "PUT", "PATCH", "DELETE"):
            headers = dict(kwargs.pop("headers", None) or {})
            headers.setdefault("X-CSRFToken", self.csrf_token())
            kwargs["headers"] = headers
        if current_app and not in_writing():
            db.session.rollback()  # the test's own reads after this request see what it did
        with self.application.app_context():  # else g, and with it current_user, would leak between requests
            response = super().open(*args, **kwargs)
        if check and response.mimetype == "text/html" and not response.is_streamed and response.get_data():
            pages.check(response, f"{response.request.method} {response.request.path} ({response.status_code})")
        return response

    def csrf_token(self) -> str:
        """A token that belongs to this client's session."""
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", hashlib.sha1(os.urandom(64)).hexdigest())  # noqa: S324
        return str(URLSafeTimedSerializer(self.application.secret_key or "", salt="wtf-csrf-token").dumps(raw))

    def sign_in(self, role: Role | str) -> Client:
        """Sign in as a new member of staff of this role, without the cost of a password."""
        number = os.urandom(4).hex()
        with self.application.app_context():
            password_hash = passwords.hashed(PASSWORD)
            with writing():
                self.staff_id = services.create_account(
                    f"Test {Role(role).value}",
                    f"{Role(role).value}-{number}@example.org",
                    Role(role),
                    password_hash=password_hash,
                    actor=SYSTEM,
                    now=now(),
                )
                token = sessions.start(self.staff_id, address="127.0.0.1", browser="test", now=now())
        with self.session_transaction() as session:
            session.clear()
            session[sessions.COOKIE_KEY] = token
        return self
