from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import jinja2
import pytest
from flask import Flask

from tests.support.jobs import only_of
from tests.support.smtp import Mailbox, smtp_server

TEMPLATE = """Subject: Hello {{ name }}

Dear {{ name }},

Thank you.
{{ organisation.name }}

[Open the page]({{ link }})
"""


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    """A real SMTP server that the application sends to, a mail template of our own, and no jobs but the outbox's."""
    only_of("outbox")
    own = jinja2.DictLoader({"mail/test/hello.txt": TEMPLATE, "mail/test/broken.txt": "no subject"})
    app.jinja_env.loader = jinja2.ChoiceLoader([own, app.jinja_env.loader])  # type: ignore[list-item]
    with smtp_server() as box:
        app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], smtp_url=box.url)
        yield box
