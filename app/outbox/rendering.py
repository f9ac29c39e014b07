"""From template and data to a mail: one text, from which the HTML part is made as well.

templates/mail/<room>/<name>.txt starts with `Subject: …` and an empty line. Paragraphs are
separated by empty lines; one that is only `[Label](address)` becomes a button, if the address
is our own: what donors typed can never become a link to elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template, url_for
from flask_babel import force_locale

from app.extensions import settings
from app.ui.identity import identity

_BUTTON = re.compile(r"\[([^\[\]]+)\]\((\S+)\)")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of text, or a button when `url` is given."""

    lines: tuple[str, ...]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    paragraphs: list[Paragraph]
    text: str
    html: str


def render(template: str, data: dict[str, Any], language: str) -> Rendered:
    """Render a mail in its language. Raises jinja2 errors: a mistake of ours, which becomes a dead letter."""
    with current_app.test_request_context(base_url=settings().public_url), force_locale(language):
        source = render_template(f"mail/{template}.txt", organisation=identity(), url=_absolute(), **data)
        head, _, body = source.strip().partition("\n")
        if not head.startswith("Subject: "):
            raise ValueError(f"mail/{template}.txt must start with 'Subject: '")
        subject = " ".join(head.removeprefix("Subject: ").split())
        paragraphs = [_paragraph(part) for part in re.split(r"\n\s*\n", body.strip())]
        html = render_template(
            "mail/layout.html", subject=subject, paragraphs=paragraphs, organisation=identity(), language=language
        )
        return Rendered(subject, paragraphs, "\n\n".join(_plain(p) for p in paragraphs) + "\n", html)


def _absolute() -> Callable[..., str]:
    return lambda endpoint, **values: url_for(endpoint, _external=True, **values)


def _paragraph(part: str) -> Paragraph:
    match = _BUTTON.fullmatch(part.strip())
    if match and match[2].startswith(settings().public_url + "/"):
        return Paragraph((match[1],), match[2])
    return Paragraph(tuple(line.strip() for line in part.strip().splitlines()))


def _plain(paragraph: Paragraph) -> str:
    return f"{paragraph.lines[0]}:\n{paragraph.url}" if paragraph.url else "\n".join(paragraph.lines)
