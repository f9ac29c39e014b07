"""The log: one line a request, without query strings, tokens or personal data.

Whatever is logged passes a last net that blots out e-mail addresses, IBANs, nine-digit numbers
(BSN, RSIN) and anything that looks like a token.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from typing import Any

from flask import Flask, Response, g, request

from config import Settings

_NET = [
    (re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), "[e-mail]"),
    (re.compile(r"\b[A-Za-z]{2}\d{2} ?(?:[A-Za-z0-9]{4} ?){2,7}[A-Za-z0-9]{0,4}\b"), "[iban]"),
    (re.compile(r"(?<![\w.])\d{9}(?![\w])|(?<!\d)\d{4}[. ]\d{2}[. ]\d{3}(?!\d)"), "[number]"),
    (
        re.compile(r"(?i)\b(password|wachtwoord|token|secret|authorization|cookie)(['\"]?\s*[:=]\s*)\S+"),
        r"\1\2[secret]",
    ),
    (re.compile(r"\b(?:live|test)_[A-Za-z0-9]{10,}\b"), "[secret]"),
    # Long, and of letters and digits both: a token. (An id has no letters, a name no digits.)
    (re.compile(r"(?<![\w-])(?=[A-Za-z_-]*\d)(?=[0-9_-]*[A-Za-z])[\w-]{22,}(?![\w-])"), "[token]"),
]


_REQUESTS = logging.getLogger("app.requests")
# Lines that hold nothing a visitor wrote: of requests, of which there are many, and of the audit chain's head, whose
# hash is worth nothing unless it can be read.
OPEN = frozenset({_REQUESTS.name, "app.audit.head"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def redacted(text: str) -> str:
    """The text with all that may identify a person or open a door blotted out."""
    for pattern, instead in _NET:
        text = pattern.sub(instead, text)
    return text


class RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.name in OPEN else redacted(text)


def _handler() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    return handler


def init_app(app: Flask, config: Settings) -> None:
    log = logging.getLogger("app")
    log.setLevel(config.log_level)
    if config.app_env != "test":
        root = logging.getLogger()
        if not any(isinstance(handler.formatter, RedactingFormatter) for handler in root.handlers):
            root.addHandler(_handler())
        root.setLevel(max(logging.WARNING, log.level))
    # Nobody reads these three, and they are looked up for every line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    app.before_request(_start)
    app.after_request(_line)


def _start() -> None:
    g.started = time.perf_counter()
    g.request_id = f"{secrets.token_hex(3)}-{secrets.token_hex(3)}"  # twelve in one word can look like an IBAN


def _line(response: Response) -> Response:
    started: Any = g.get("started")
    if started is None:
        return response
    response.headers["X-Request-Id"] = g.request_id
    # The rule, not the address: the address may hold a token.
    rule = request.url_rule.rule if request.url_rule else "-"
    if rule != "/healthz":
        ms = (time.perf_counter() - started) * 1000
        method = request.method if request.method in _METHODS else "other"
        _REQUESTS.info(
            "method=%s route=%s status=%d ms=%.1f id=%s", method, rule, response.status_code, ms, g.request_id
        )
    return response
