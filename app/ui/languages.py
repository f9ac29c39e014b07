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
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale, gettext, refresh
from markupsafe import Markup, escape

from app.extensions import settings
from config import ROOT

LANGUAGES = {"nl": "Nederlands", "en": "English"}
COOKIE = "language"
_BY_ADDRESS = "draagvlak.language_by_address"
_PREFERRED = "draagvlak.language"
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
        return self.dutch() if language_or_none() == "nl" else _ENGLISH

    def dutch(self) -> Translations:
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
    return wanted if wanted in LANGUAGES else request.environ.get(_PREFERRED, settings().default_language)


def prefer(wanted: str) -> None:
    """For a page of one person whose language we know: that one, unless another was chosen on this device."""
    request.environ[_PREFERRED] = wanted
    refresh()


def by_address() -> None:
    """For pages that are cached for everybody: the address alone decides, never the cookie."""
    request.environ[_BY_ADDRESS] = True
    refresh()


def _locale() -> Locale | None:
    """Flask-Babel's locale. A page asks for it hundreds of times, and asking the library each time cost a
    fifth of a long list: what the library keeps for this moment is read directly where it is there."""
    try:
        return g._flask_babel.babel_locale or get_locale()
    except (AttributeError, RuntimeError):  # not asked yet; no application context
        return get_locale()


def language_or_none() -> str | None:
    locale = _locale()
    return None if locale is None else str(locale.language)


def say(message: str) -> str:
    """`gettext` for words of the house without values in them: labels, of which a list shows hundreds."""
    try:
        domain: Domain = g._flask_babel.babel_domain
    except (AttributeError, RuntimeError):
        return str(gettext(message))
    return str(domain.get_translations().gettext(message))


def language() -> str:
    """The language of this moment: `nl` or `en`. Outside an application context Dutch."""
    return language_or_none() or "nl"


@lru_cache(maxsize=20_000)
def _marked(catalogue: NullTranslations, ours: Translations, message: str) -> Markup:
    """A sentence of our own in a catalogue's language, safe in a page; `%%` still doubled. What none of our
    catalogues knows may be a person's words (a note, a code of a bank) and is escaped."""
    return Markup(catalogue.gettext(message)) if message in ours._catalog else escape(message)  # noqa: S704


@lru_cache(maxsize=20_000)
def _plain(catalogue: NullTranslations, ours: Translations, message: str) -> Markup:
    return _marked(catalogue, ours, message) % {} if message in ours._catalog else escape(message)


def _words(rooms: _Rooms) -> Callable[..., Markup]:
    """`_` of templates. As Jinja's own: values are escaped, and every sentence of ours is a format."""

    def words(message: str, /, **values: Any) -> Markup:
        catalogue, ours = rooms.get_translations(), rooms.dutch()
        return _marked(catalogue, ours, message) % values if values else _plain(catalogue, ours, message)

    return words


def init_app(app: Flask) -> None:
    babel = Babel()
    config = app.config["SETTINGS"]
    babel.init_app(app, default_locale=config.default_language, locale_selector=_select)
    # cached_property in the library: set here, so that every request uses our catalogue.
    rooms = babel.__dict__["domain_instance"] = _Rooms(config.data_dir / "languages", app.debug)
    # A request inside an already open application context must not inherit its language.
    app.before_request(refresh)
    words = _words(rooms)
    app.jinja_env.globals.update(language=language, LANGUAGES=LANGUAGES, _=words, gettext=words)
