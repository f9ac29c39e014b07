"""What a demo installation does on its first start. The demo room registers here; `flask serve` calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app


@dataclass(frozen=True, slots=True)
class DemoStart:
    """`load(password)` fills an empty database and gives the demo staff this password;
    `set_password(password)` changes it later; `sign_ins` are their e-mail addresses."""

    load: Callable[[str], None]
    set_password: Callable[[str], None]
    sign_ins: tuple[str, ...]


def register(app: Flask, start: DemoStart) -> None:
    app.extensions["draagvlak_demo"] = start


def registered() -> DemoStart | None:
    start: DemoStart | None = current_app.extensions.get("draagvlak_demo")
    return start
