"""Back to the page somebody came from, after a small act done there (a task ticked off in a panel)."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request


def back(default: str) -> str:
    """The path in the form's `next` if it is one of ours, else `default`: no open redirects."""
    target = request.form.get("next") or request.args.get("next") or ""
    parts = urlsplit(target)
    ours = target.startswith("/") and not target.startswith("//") and not parts.scheme and not parts.netloc
    return target if ours and "\\" not in target and all(ord(c) > 32 for c in target) else default
