"""One key in each form of a staff page, so that a form that is sent twice is done once.

The page puts a fresh `KEY` into every form it draws (`once_field` of templates/components/page.html). The first
`with writing():` of the request that brings it notes the key in the same transaction: what was refused or broke off
leaves the key free, and of two that come at one moment the second finds it taken, also by another process. Requests
without a key (a provider, a script) are left alone, and so is what anybody may ask for, whatever it brings.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import IO
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, has_request_context, request
from sqlalchemy import Row, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session

from app.base.columns import id_column, instant_column, text_column
from app.base.errors import Refused
from app.base.ids import stable_id
from app.base.states import N_
from app.extensions import db, now
from app.extensions.sql import insert_new
from app.extensions.transactions import after_commit, first_in_writing, writing_apart

KEY = "sent_once"  # the name of the field
KEEP = timedelta(days=1)  # a page that was open longer has lost its session, and with it its CSRF token
SENT = N_(
    "You had sent this form already, and what it said then is kept. "
    "What it says now is not kept yet: press the button once more if that should be kept too."
)
LONGEST = 400
_SENDING = "draagvlak.sending"
_DONE = "draagvlak.sent"
_ASKED = "draagvlak.sent_asked"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

log = logging.getLogger(__name__)


class SentForm(db.Model):
    """A form that was sent: `id` is made from its key, `content` a hash of what it said. `location` is where its
    sender was led, a path without the question behind it (which may hold a name)."""

    __tablename__ = "sent_form"

    id: Mapped[int] = id_column()
    content: Mapped[str] = text_column(64)
    location: Mapped[str | None] = text_column(LONGEST, nullable=True)
    sent_at: Mapped[datetime] = instant_column(index=True)


@dataclass(frozen=True, slots=True)
class Sending:
    """The form that this request brings."""

    id: int
    content: str


class SentTwice(Exception):  # noqa: N818  (no error: it was done)
    """This very form was sent before, with the same words in it. Not a DomainError, so that no view shows it as
    something that went wrong; `location` is where the first one led, None where that is not known (yet)."""

    def __init__(self, form_id: int) -> None:
        super().__init__("sent twice")
        self.form_id = form_id

    @property
    def location(self) -> str | None:
        row = _row(self.form_id)
        return row.location if row else None


def new_key() -> str:
    """A key for one form on one page."""
    return secrets.token_urlsafe(15)


def leave_alone() -> None:
    """Take no key from this request: a stranger's would be kept, with the secret in the address that it led to."""
    request.environ[_SENDING] = None


def sending() -> Sending | None:
    """What this request brings, None where it brings no key. Read it before a transaction: it hashes."""
    if not has_request_context() or request.method != "POST" or request.mimetype not in _FORMS:
        return None
    if _SENDING not in request.environ:
        key = request.form.get(KEY, "")
        request.environ[_SENDING] = Sending(stable_id(f"form:{key}"), _content(key)) if key else None
    found: Sending | None = request.environ[_SENDING]
    return found


def sent_otherwise() -> bool:
    """Whether this form was sent before with something else in it. Raises SentTwice where it said the same.

    Not asked of one that knows which version of its record it changes, and shows what differs, nor of a small one that
    cannot come back with its words (no page of its own, or a view that does not ask): those are done as they stand."""
    mine = sending()
    if mine is None or request.environ.get(_DONE):
        return False
    request.environ[_ASKED] = True
    return _is_other(mine)


def _is_other(mine: Sending) -> bool:
    row = _row(mine.id)
    if row and row.content == mine.content:
        raise SentTwice(mine.id)
    comes_back = "version" not in request.form and _has_page() and _ASKED in request.environ
    return row is not None and comes_back


def _has_page() -> bool:
    routes = current_app.create_url_adapter(request)
    return routes is not None and routes.test(method="GET")


@first_in_writing
def _to_claim() -> Callable[[Session], None] | None:
    """What to do first in a write transaction: the first one of a request notes that its form was sent."""
    mine = None if has_request_context() and request.environ.get(_DONE) else sending()
    return partial(_claim, mine) if mine else None


def _claim(mine: Sending, session: Session) -> None:
    """Raises SentTwice, or Refused where it was sent with something else in it."""
    table, values = SentForm.__table__, {"id": mine.id, "content": mine.content, "sent_at": now()}
    if not session.execute(insert_new(SentForm).returning(table.c.id), [values]).first():
        before = _row(mine.id)
        if _is_other(mine):
            raise Refused(SENT)
        other = update(table).where(table.c.id == mine.id, table.c.content == (before.content if before else ""))
        if before and not session.execute(other.values(values | {"location": None}).returning(table.c.id)).first():
            raise SentTwice(mine.id)
    after_commit(_done)


def _done() -> None:
    request.environ[_DONE] = True


def _keep_answer(response: Response) -> Response:
    """Keep where the sender was led. A form that was answered with a page or a file is not over: it may be sent again
    (the next try, the same file once more)."""
    mine: Sending | None = request.environ.get(_SENDING)
    if mine is None or not request.environ.get(_DONE):
        return response
    table = SentForm.__table__
    led = urlsplit((response.location or "") if 300 <= response.status_code < 400 else "")
    path = led.path + (f"#{led.fragment}" if led.fragment else "")
    if led.netloc not in ("", request.host) or len(path) > LONGEST:
        return response
    noted = update(table).values(location=path) if path else delete(table)
    try:
        with writing_apart() as connection:
            connection.execute(noted.where(table.c.id == mine.id))
    except SQLAlchemyError:  # what was asked is done: only whoever sends it twice gets a plainer answer
        log.warning("where a form led was not kept")
    return response


def forget(at: datetime, most: int = 1000) -> int:
    """Delete up to `most` forms sent more than a day before `at`; how many went."""
    table = SentForm.__table__
    with writing_apart() as connection:
        old = select(table.c.id).where(table.c.sent_at < at - KEEP).limit(most)
        ids = connection.execute(old).scalars().all()
        connection.execute(delete(table).where(table.c.id.in_(ids)))
    return len(ids)


def _row(form_id: int) -> Row[str, str | None] | None:
    found = select(SentForm.content, SentForm.location).where(SentForm.id == form_id)
    return db.session.execute(found).first()


def _content(key: str) -> str:
    """A hash of the address, what was typed and chosen, and the files. The key in it keeps anybody from finding short
    words by trying."""
    said = [key, request.full_path]
    for name, values in sorted(request.form.lists()):
        if name != "csrf_token":
            said += [name, *values, ""]
    for name, files in sorted(request.files.lists()):
        said += [name, *(f"{file.filename}:{_digest(file.stream)}" for file in files), ""]
    return hashlib.sha256("\0".join(said).encode("utf-8", "surrogatepass")).hexdigest()


def _digest(stream: IO[bytes]) -> str:
    """A hash of a file, which may be mended and keep its name and size. "" of one that is read and closed."""
    if stream.closed:
        return ""
    here = stream.tell()
    stream.seek(0)
    found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    stream.seek(here)
    return found


def init_app(app: Flask) -> None:
    app.after_request(_keep_answer)
