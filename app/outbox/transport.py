"""SMTP, and the transport of the demo, which only keeps the mail to be read at /demo/mail."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from app.extensions import settings
from app.outbox.rendering import Rendered
from app.ui.identity import identity

TIMEOUT_SECONDS = 20
_NO_SERVER = (
    smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError,
)  # fmt: skip


class Undeliverable(Exception):
    """The server said no, for good: another try would not help."""


def is_away(error: Exception) -> bool:
    """Whether there was no server to say yes or no: it hangs, hung up, or does not let us in."""
    return isinstance(error, _NO_SERVER) or (
        isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)
    )


class Transport(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Hand over one mail. Raises Undeliverable, or OSError/SMTPException to be tried again."""


class DemoTransport:
    def send(self, message: EmailMessage) -> None:
        return None


class SmtpTransport:
    """One connection, opened at the first mail and reused for the batch."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._client: smtplib.SMTP | None = None

    def _connect(self) -> smtplib.SMTP:
        parts, options = self._parts, parse_qs(self._parts.query)
        host = parts.hostname or "localhost"
        if parts.scheme == "smtps":
            tls = ssl.create_default_context()
            client: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=tls)
        else:
            client = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS)
            # A password never travels in the open by accident: without STARTTLS over there, the mail waits.
            asked = options.get("starttls", ["yes" if parts.username or parts.port == 587 else "no"])[0]
            if asked not in ("0", "no"):
                with _closing_when_it_fails(client):
                    client.starttls(context=ssl.create_default_context())
        if parts.username:
            with _closing_when_it_fails(client):
                client.login(unquote(parts.username), unquote(parts.password or ""))
        return client

    def send(self, message: EmailMessage) -> None:
        try:
            self._client = self._client or self._connect()
            self._client.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code, reason = next(iter(refused.recipients.values()))
            self._reset()
            if 500 <= code < 600:
                raise Undeliverable(f"{code} {reason.decode(errors='replace')}") from None
            raise
        except smtplib.SMTPResponseException as refused:
            self._reset()
            # Authentication and greeting errors are ours to mend: the mail waits. Content errors are final.
            if refused.smtp_code in (550, 551, 552, 553, 554) and not isinstance(
                refused, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError | smtplib.SMTPHeloError
            ):
                raise Undeliverable(f"{refused.smtp_code} {refused.smtp_error!r}") from None
            raise
        except Exception:
            self.close()
            raise

    def _reset(self) -> None:
        try:
            if self._client is not None:
                self._client.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                client.quit()
            except (OSError, smtplib.SMTPException):
                client.close()


@contextmanager
def _closing_when_it_fails(client: smtplib.SMTP) -> Iterator[None]:
    try:
        yield
    except BaseException:
        client.close()
        raise


@contextmanager
def transport() -> Iterator[Transport]:
    """The transport of this installation, for one batch."""
    if not settings().smtp_url:
        yield DemoTransport()
        return
    smtp = SmtpTransport(settings().smtp_url)
    try:
        yield smtp
    finally:
        smtp.close()


def compose(rendered: Rendered, *, to: str, message_id: str, headers: dict[str, str]) -> EmailMessage:
    """The mail as it goes out. The sender is discreet: it does not name the cause."""
    name = settings().mail_from_name or getattr(identity(), "mail_sender_name", "") or identity().name
    user, _, domain = settings().mail_from.rpartition("@")
    mail = EmailMessage()
    mail["Subject"] = rendered.subject
    mail["From"] = Address(name, user, domain)
    mail["To"] = to
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    for key, value in headers.items():
        mail[key] = value
    mail.set_content(rendered.text)
    mail.add_alternative(rendered.html, subtype="html")
    return mail
