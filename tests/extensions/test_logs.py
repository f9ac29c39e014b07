"""No token, IBAN, BSN, e-mail address or password in the log."""

from __future__ import annotations

import logging

import pytest
from flask import Flask

from app.extensions.logs import RedactingFormatter, redacted


@pytest.mark.parametrize(
    "canary",
    [
        "jan.de.vries+post@voorbeeld.nl", "NL91ABNA0417164300", "NL91 ABNA 0417 1643 00", "BE68539007547034",
        "123456782", "1234.56.782", "live_dHar4XY7LxsDOtmnkVtjNVWXLSlXsM", "password=Geheim123", "token: abc",
        "kZ8xQ1-vT3bN_7mWq0RfYc2LpA9sHdJe", "0123456789abcdef0123456789abcdef",
    ],
)  # fmt: skip
def test_canaries_are_blotted_out_also_in_tracebacks(canary: str) -> None:
    record = logging.LogRecord("app", logging.ERROR, "x.py", 1, "about %s, no?", (canary,), None)
    try:
        raise ValueError(canary)
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    text = RedactingFormatter("%(message)s").format(record)
    for secret in (canary, canary.partition("=")[2] or canary):
        assert secret not in text
    assert "no?" in text


@pytest.mark.parametrize(
    "plain", ["route=/grants/<int:grant_id> status=200 ms=12.3", "383340021661417472", "2026-11-23"]
)
def test_what_names_nobody_stays(plain: str) -> None:
    assert redacted(plain) == plain


def test_a_request_is_one_line_by_its_rule(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "app.requests")
    response = app.test_client().get("/reset-password/kZ8xQ1vT3bN7mWq0RfYc2LpA9sHdJe?email=jan@voorbeeld.nl")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "app.requests"]
    assert "route=/reset-password/<token>" in line
    assert f"status={response.status_code}" in line
    assert response.headers["X-Request-Id"] in line
    assert "kZ8x" not in line
    assert "voorbeeld" not in line
