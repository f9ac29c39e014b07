"""All security headers, in one place.

Nothing inline, nothing from elsewhere. Who may frame a page: nobody; a view that may be framed
(the donation form, by hosts from FRAME_HOSTS) says so with `frameable()`. Staff pages are never
stored, nor is a public page for whoever has a session (a form with a token of theirs), nor what a
link with a token opens, whose address is told to nobody either; a view that wants its answer
cached sets Cache-Control itself.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from flask import Flask, Response, request

from app.extensions import settings
from app.extensions.cookies import has_session
from app.ui.permissions import PUBLIC_ENDPOINTS

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
_FRAMEABLE = "draagvlak.frameable"
_FORM_ORIGINS = "draagvlak.form_origins"
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=(), browsing-topics=()"


def frameable() -> None:
    """This answer may be framed by the hosts in FRAME_HOSTS, and by nobody else."""
    request.environ[_FRAMEABLE] = True


def may_post_to(*origins: str) -> None:
    """Forms on this page may be sent on to these origins too.

    Browsers hold redirects after a post to it: see `may_pay`.
    """
    request.environ[_FORM_ORIGINS] = origins


def may_pay() -> None:
    """Forms on this page may end at the payment provider, which sends on to whatever bank: any host, but only by the
    scheme of the provider's own address (https, but for a provider on this machine)."""
    if settings().payment_provider != "demo":
        may_post_to(urlsplit(settings().mollie_api_url).scheme + ":")


@lru_cache(maxsize=64)
def policy(frame_ancestors: str = "'none'", form_origins: tuple[str, ...] = ()) -> str:
    parts = POLICY | {"form-action": " ".join(["'self'", *form_origins])}
    return "; ".join(f"{name} {value}" for name, value in parts.items()) + f"; frame-ancestors {frame_ancestors}"


def _apply(response: Response) -> Response:
    headers = response.headers
    hosts = settings().frame_hosts if request.environ.get(_FRAMEABLE) else ()
    # Added, not set: these are ours alone, and looking each up first costs every visitor time.
    add = headers.add
    add(
        "Content-Security-Policy",
        policy(" ".join(hosts) or "'none'", request.environ.get(_FORM_ORIGINS, ())),
    )
    add("X-Content-Type-Options", "nosniff")
    add("Permissions-Policy", PERMISSIONS)
    add("Cross-Origin-Opener-Policy", "same-origin")
    behind_link = request.url_rule is not None and "token" in request.url_rule.arguments
    if "Referrer-Policy" not in headers:
        add("Referrer-Policy", "no-referrer" if behind_link else "strict-origin-when-cross-origin")
    if not hosts:
        # The older header knows no list of hosts, so it is sent only where nobody may.
        add("X-Frame-Options", "DENY")
    if settings().is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    personal = behind_link or request.endpoint not in PUBLIC_ENDPOINTS or has_session(request)
    if "Cache-Control" not in headers and personal:
        headers["Cache-Control"] = "no-store"
    return response


def init_app(app: Flask) -> None:
    app.after_request(_apply)
