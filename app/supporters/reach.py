"""How a message reaches somebody: by mail, or on the print list for who has no e-mail or asked for letters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from app.base.actor import Actor
from app.extensions import db
from app.outbox.letters import queue_letters
from app.outbox.services import Mail, queue_mails
from app.supporters.models import Supporter
from app.supporters.services import loaded, touch

_BY_POST = select(Supporter.id).where(Supporter.id.in_(bindparam("ids", expanding=True)), Supporter.by_post)


def send(mails: Sequence[Mail], *, now: datetime) -> None:
    """Queue each as a mail, or as a letter where its person asked for post or `to` is empty. A constant number
    of statements."""
    by_post = wanting_post({m.person_id for m in mails if m.person_id is not None})
    on_paper = [m for m in mails if m.person_id is not None and (not m.to or m.person_id in by_post)]
    paper_keys = {m.key for m in on_paper}
    queue_letters(on_paper, now=now)
    queue_mails([m for m in mails if m.to and m.key not in paper_keys], now=now)


def wanting_post(ids: Collection[int]) -> set[int]:
    """Those of these who asked for letters instead of mails."""
    if not ids:
        return set()
    return set(db.session.execute(_BY_POST, {"ids": list(ids)}).scalars())


def set_by_post(supporter_id: int, wanted: bool, *, actor: Actor, now: datetime) -> None:
    """Letters instead of mails from now on, or mails again."""
    supporter = loaded(supporter_id)
    supporter.by_post = wanted
    touch(supporter, "supporter.by_post" if wanted else "supporter.by_mail", actor=actor, now=now)
