"""Static files: bundled, fingerprinted, compressed into DATA_DIR/static, served for ever.

Sources are our `static/` and, through `@import url("package:...")`, files of the installed
Bootstrap-Flask package; no copies of those live in our tree. `asset("css/staff.css")` gives
the address with the fingerprint. The work is done by `flask assets build`, or at the first
need, and only when a source changed (the manifest remembers sizes and times).
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import re
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from config import ROOT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SOURCE = ROOT / "static"
PREFIX = "/static/"
_IMPORT = re.compile(r'@import url\("([^"]+)"\)(?: layer\((\w+)\))?;\n?')
_TEXT = {".css", ".js", ".svg", ".json", ".txt", ".webmanifest"}
_made: dict[str, Path] = {}
_making = threading.Lock()


def package_file(name: str) -> Path:
    """A file of the Bootstrap-Flask package, found without importing it: `css/bootstrap.min.css`."""
    spec = importlib.util.find_spec("flask_bootstrap")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("Bootstrap-Flask is not installed")
    return Path(spec.origin).parent / "static" / "bootstrap5" / name


def _imported(name: str, beside: Path) -> Path:
    return package_file(name.removeprefix("package:")) if name.startswith("package:") else beside.parent / name


def bundled(path: Path) -> str:
    """A style sheet with its imports in place, so that a page loads one file."""

    def fill(match: re.Match[str]) -> str:
        inner = bundled(_imported(match[1], path))
        return f"@layer {match[2]}{{{inner}}}\n" if match[2] else inner

    text = path.read_text(encoding="utf-8").replace('@charset "UTF-8";', "")
    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", text)
    return _IMPORT.sub(fill, text)


def _sources() -> list[Path]:
    """Everything a build reads, our files and the package's."""
    own = sorted(p for p in SOURCE.rglob("*") if p.is_file() and not p.name.startswith("."))
    return [*own, package_file("css/bootstrap.min.css")]


def _key() -> str:
    seen = hashlib.sha256()
    for path in [*_sources(), Path(__file__)]:
        stat = path.stat()
        seen.update(f"{path}:{stat.st_mtime_ns}:{stat.st_size}\n".encode())
    return seen.hexdigest()[:20]


def _entries() -> Iterable[tuple[str, bytes]]:
    """(name, content) of what is served. Parts that are only imported (`_tokens.css`) are not."""
    for path in _sources():
        if not path.is_relative_to(SOURCE) or path.name.startswith("_"):
            continue
        name = path.relative_to(SOURCE).as_posix()
        yield name, bundled(path).encode() if path.suffix == ".css" else path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def build(directory: Path) -> dict[str, Any]:
    """Make `directory` hold the present files and return the manifest. Safe when two processes do it at once.

    Files of the release before stay for the pages that are still open in browsers.
    """
    key = _key()
    manifest_path = directory / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(manifest_path.read_text(encoding="utf-8"))
        if manifest["key"] == key:
            return manifest
        before = set(manifest["files"].values())
    except (OSError, ValueError, KeyError):
        before = set()
    with _making:
        if (made := _made.get(key)) and made != directory and (made / "manifest.json").exists():
            # Another application of this process has them (tests make many): take over its files.
            shutil.copytree(made, directory, dirs_exist_ok=True, copy_function=_link)
            return json.loads(manifest_path.read_text(encoding="utf-8"))
        files: dict[str, str] = {}
        contents = dict(_entries())
        for name in sorted(contents, key=lambda n: n.endswith(".js")):
            content = contents[name]
            stem, dot, suffix = name.rpartition(".")
            files[name] = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{dot}{suffix}"
            _write(directory / files[name], content)
            if dot + suffix in _TEXT and len(content) > 500:
                _write(directory / (files[name] + ".gz"), gzip.compress(content, 9, mtime=0))
        manifest = {"key": key, "files": files}
        _write(manifest_path, json.dumps(manifest, indent=1).encode())
        _made[key] = directory
    keep = before | set(files.values()) | {"manifest.json"}
    for path in directory.rglob("*"):
        name = path.relative_to(directory).as_posix().removesuffix(".gz")
        if path.is_file() and name not in keep and not path.name.startswith("."):
            path.unlink(missing_ok=True)
    return manifest


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


class StaticFiles:
    """WSGI middleware: whitenoise over DATA_DIR/static, opened at the first need."""

    def __init__(self, application: WSGIApplication, directory: Path, debug: bool) -> None:
        self._application = application
        self._directory = directory
        self._debug = debug
        self._lock = threading.Lock()
        self._files: dict[str, str] = {}
        self._noise: Any = None
        self._opened = ""

    def open(self) -> None:
        if self._noise is not None and not (self._debug and _key() != self._opened):
            return
        from whitenoise import WhiteNoise  # type: ignore[import-untyped]

        with self._lock:
            manifest = build(self._directory)
            noise = WhiteNoise(
                self._application, root=str(self._directory), prefix=PREFIX, max_age=WhiteNoise.FOREVER,
                immutable_file_test=lambda path, url: True, allow_all_origins=False, add_headers_function=_headers,
            )  # fmt: skip
            noise.files.pop(PREFIX + "manifest.json", None)
            self._files, self._noise, self._opened = manifest["files"], noise, manifest["key"]

    def url(self, name: str) -> str:
        """The address of a file of `static/`, with its fingerprint. KeyError where there is none."""
        self.open()
        return PREFIX + self._files[name]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not str(environ.get("PATH_INFO", "")).startswith(PREFIX):
            return self._application(environ, start_response)
        self.open()
        return self._noise(environ, start_response)


def _headers(headers: Any, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def asset(name: str) -> str:
    """For templates: `<link href="{{ asset('css/staff.css') }}">`."""
    static: StaticFiles = current_app.extensions["static"]
    return static.url(name)


def init_app(app: Flask) -> None:
    static = StaticFiles(app.wsgi_app, app.config["SETTINGS"].data_dir / "static", app.debug)
    app.wsgi_app = static  # type: ignore[method-assign]
    app.extensions["static"] = static
    app.jinja_env.globals["asset"] = asset
