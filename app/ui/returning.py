"""Back to the page somebody came from, after a small act done there (a task ticked off in a panel)."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request


def is_ours(target: str) -> bool:
    """Whether this is a path of ours, so that nobody is sent elsewhere."""
    if any(ord(c) < 33 or c == "\\" for c in target) or not target.startswith("/") or target.startswith("//"):
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc


def back(default: str) -> str:
    """The path in the form's `next` if it is one of ours, else `default`: no open redirects."""
    target = request.form.get("next") or request.args.get("next") or ""
    return target if is_ours(target) else default
