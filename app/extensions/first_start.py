"""What a demo installation does on its first start. The demo room registers here; `flask serve` calls it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, current_app

from app.extensions import settings


@dataclass(frozen=True, slots=True)
class DemoStart:
    """`load(password)` fills a database that `is_empty()` and gives the demo staff this password;
    `set_password(password)` changes it later; `sign_ins` are their e-mail addresses."""

    is_empty: Callable[[], bool]
    load: Callable[[str], None]
    set_password: Callable[[str], None]
    sign_ins: tuple[str, ...]


def register(app: Flask, start: DemoStart) -> None:
    app.extensions["draagvlak_demo"] = start


def registered() -> DemoStart | None:
    start: DemoStart | None = current_app.extensions.get("draagvlak_demo")
    return start


def fill() -> str:
    """Load the demo where it belongs and is not there yet; the demo staff's password, empty without demo."""
    demo = registered()
    if demo is None or not settings().is_demo:
        return ""
    before, password = _password()
    if demo.is_empty():
        demo.load(password)
    elif password != before:
        demo.set_password(password)
    return password


def _password() -> tuple[str, str]:
    """The demo staff's password of the last start and of this one; kept for the owner's eyes alone."""
    path = settings().data_dir / "demo-password"
    before = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    password = settings().demo_password or before or secrets.token_urlsafe(9)
    if password != before:
        _write_private(path, password + "\n")
    return before, password


def _write_private(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
