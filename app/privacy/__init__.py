"""What we hold of a person: access, merge with undo, erasure, retention."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
