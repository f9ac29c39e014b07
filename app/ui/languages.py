"""Dutch and English. Msgids are English; each room keeps its Dutch in `app/<room>/nl.po`.

The catalogues are merged and compiled in memory; the result is kept under DATA_DIR, keyed by
the files' times and sizes, so that a start reads one small file. Who speaks which language:
an address under `/en` is English and every other public, cacheable page is the default
language; elsewhere the cookie `language` decides, else the default.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from pathlib import Path

from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, request
from flask_babel import Babel, Domain, get_locale, refresh

from app.extensions import settings
from config import ROOT

LANGUAGES = {"nl": "Nederlands", "en": "English"}
COOKIE = "language"
_BY_ADDRESS = "draagvlak.language_by_address"
_lock = threading.Lock()
_compiled: dict[str, Translations] = {}


def catalogues() -> list[Path]:
    """The rooms' Dutch catalogues, in alphabetical order."""
    return sorted((ROOT / "app").glob("*/nl.po"))


def _key() -> str:
    seen = hashlib.sha256()
    for path in catalogues():
        stat = path.stat()
        seen.update(f"{path.relative_to(ROOT)}:{stat.st_mtime_ns}:{stat.st_size}\n".encode())
    return seen.hexdigest()[:16]


def compile_catalogues() -> bytes:
    """All rooms' Dutch as one compiled catalogue. Fuzzy and empty translations are left out."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    merged = Catalog(locale="nl", fuzzy=False)
    for path in catalogues():
        with path.open("rb") as file:
            for message in read_po(file, locale="nl"):
                if message.id and message.string and not message.fuzzy:
                    merged.add(message.id, message.string, context=message.context)
    out = io.BytesIO()
    write_mo(out, merged)
    return out.getvalue()


def _dutch(directory: Path) -> Translations:
    key = _key()
    with _lock:
        if key not in _compiled:
            path = directory / f"nl-{key}.mo"
            try:
                content = path.read_bytes()
            except OSError:
                content = compile_catalogues()
                _keep(path, content)
            _compiled[key] = Translations(io.BytesIO(content))
        return _compiled[key]


def _keep(path: Path, content: bytes) -> None:
    """Write the compiled catalogue beside and move it in; a read-only disk only costs time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        draft.write_bytes(content)
        draft.replace(path)
        for old in path.parent.glob("nl-*.mo"):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError:
        pass


class _Rooms(Domain):
    """Flask-Babel's domain, fed from the rooms' catalogues instead of .mo files."""

    def __init__(self, directory: Path, fresh: bool) -> None:
        super().__init__()
        self._directory = directory
        self._fresh = fresh
        self._dutch: Translations | None = None

    def get_translations(self) -> NullTranslations:
        locale = get_locale()
        if locale is None or locale.language != "nl":
            return _ENGLISH
        if self._dutch is None or self._fresh:
            self._dutch = _dutch(self._directory)
        return self._dutch


_ENGLISH = NullTranslations()


def _select() -> str:
    if not has_request_context():
        return settings().default_language
    if request.path == "/en" or request.path.startswith("/en/"):
        return "en"
    if request.environ.get(_BY_ADDRESS):
        return settings().default_language
    wanted = request.cookies.get(COOKIE, "")
    return wanted if wanted in LANGUAGES else settings().default_language


def by_address() -> None:
    """For pages that are cached for everybody: the address alone decides, never the cookie."""
    request.environ[_BY_ADDRESS] = True
    refresh()


def language() -> str:
    """The language of this moment: `nl` or `en`. Outside an application context Dutch."""
    locale = get_locale()
    return str(locale.language) if locale is not None else "nl"


def init_app(app: Flask) -> None:
    babel = Babel()
    config = app.config["SETTINGS"]
    babel.init_app(app, default_locale=config.default_language, locale_selector=_select)
    # cached_property in the library: set here, so that every request uses our catalogue.
    babel.__dict__["domain_instance"] = _Rooms(config.data_dir / "languages", app.debug)
    # A request inside an already open application context must not inherit its language.
    app.before_request(refresh)
    app.jinja_env.globals.update(language=language, LANGUAGES=LANGUAGES)
