"""Draagvlak: the application factory. Nobody imports from here."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import extensions
from app.base.dates import Clock
from app.extensions import logs, private
from config import ROOT, Settings, SettingsError

# Lowest floor first, so that event handlers run in floor order (docs/house.md).
ROOMS = (
    ("ui", "vault", "sheets"),
    ("audit",),
    ("jobs", "documents", "links", "saved"),
    ("outbox",),
    ("staff",),
    ("ledger", "organisation", "programmes", "supporters", "tasks"),
    ("payments", "privacy"),
    ("direct_debit", "grants"),
    ("gifts",),
    ("giving", "banking", "letters"),
    ("finance", "portal", "insights"),
    ("demo",),
)


def create_app(config: Settings | None = None, clock: Clock | None = None) -> Flask:
    """Build the application from settings (default: read from the environment).

    Raises config.SettingsError with one clear line when a setting is wrong.
    """
    try:
        return _made(config or Settings.from_environment(), clock)
    except SettingsError as error:
        if click.get_current_context(silent=True) is None:
            raise
        # A `flask` command ends here: its --help would print a traceback of any exception.
        error.show()
        raise SystemExit(error.exit_code) from None


def _made(config: Settings, clock: Clock | None) -> Flask:
    app = Flask(
        __name__,
        static_folder=None,
        template_folder=str(ROOT / "templates"),
        instance_path=str(config.data_dir),
    )
    app.config.update(
        SECRET_KEY=config.secret_key,
        # With https a name that no neighbouring site may set: it could else plant a session and its CSRF token here.
        SESSION_COOKIE_NAME="__Host-draagvlak" if config.is_https else "draagvlak",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.is_https,
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=32 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=2000,
        WTF_CSRF_TIME_LIMIT=None,
        # The token is the guard. A Referer is sent by no page whose address holds a link's token (app/ui/headers.py).
        WTF_CSRF_SSL_STRICT=False,
        TESTING=config.app_env == "test",
    )
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    private.init_app(config)
    logs.init_app(app, config)
    extensions.init_app(app, config, clock)
    with _nothing_is_garbage_yet():
        for room in chain.from_iterable(ROOMS):
            importlib.import_module(f"app.{room}").init_app(app)
        importlib.import_module("app.cli").init_app(app)
    return app


@contextmanager
def _nothing_is_garbage_yet() -> Iterator[None]:
    """What is imported stays: looking through it for garbage takes a fifth of a start, and of each command.

    From then on garbage is looked for once in 10,000 objects instead of 700: a page or a bank file makes thousands
    at a time that are gone by themselves, and looking through them took a fifth of an import's processor time.
    """
    gc.set_threshold(10_000, *gc.get_threshold()[1:])
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
