"""The session cookie: Flask's own, but nobody who has none pays for reading one."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

_OPENED = "draagvlak.session"


class Cookies(SecureCookieSessionInterface):
    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """An empty session without a cookie: making its signer took a sixth of a visit to Steun ons."""
        if self.get_cookie_name(app) in request.cookies:
            opened = super().open_session(app, request)
        else:
            opened = self.session_class()
        request.environ[_OPENED] = opened
        return opened


def has_session(request: Request) -> bool:
    """Whether this visitor has a session, or begins one with this answer. Asking Flask's own `session` would make the
    answer one that depends on it."""
    return bool(request.environ.get(_OPENED))
