"""Stored files by content hash, and PDFs made with Typst."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass
