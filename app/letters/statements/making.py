"""Statements of a year for every donor, in small batches: memory stays flat, and it goes on where it was stopped."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import func, select

from app.base.actor import Actor
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.gifts.models import HELD, Gift
from app.letters.statements import paper, services
from app.letters.statements.content import Content, gather
from app.supporters.addressing import addressees
from app.supporters.models import Supporter

BATCH = 50


def donors(year: int, after: int = 0) -> list[int]:
    """The next donors of this year by id, those left out who were erased or merged."""
    given = select(Gift.id).where(
        Gift.supporter_id == Supporter.id, Gift.state.in_(HELD),
        Gift.gift_date >= date(year, 1, 1), Gift.gift_date <= date(year, 12, 31),
    )  # fmt: skip
    rows = select(Supporter.id).where(
        Supporter.id > after, Supporter.anonymised_at.is_(None), Supporter.merged_into_id.is_(None), given.exists()
    )
    return list(db.session.execute(rows.order_by(Supporter.id).limit(BATCH)).scalars())


def count(year: int) -> int:
    """How many donors a statement of this year is made for."""
    held = Gift.state.in_(HELD) & (Gift.gift_date >= date(year, 1, 1)) & (Gift.gift_date <= date(year, 12, 31))
    rows = select(func.count(func.distinct(Gift.supporter_id))).join(Supporter, Supporter.id == Gift.supporter_id)
    kept = rows.where(held, Supporter.anonymised_at.is_(None), Supporter.merged_into_id.is_(None))
    return int(db.session.execute(kept).scalar_one())


def make_year(year: int, folder: Path, *, actor: Actor, progress: Callable[[int], None]) -> int:
    """Write a PDF of each donor into `folder` and note it; how many were new. A file that lies there is not
    made again, so that a run that was killed goes on; a changed statement gets a file of its own."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    after, new = 0, 0
    start, end = date(year, 1, 1), date(year, 12, 31)
    while ids := donors(year, after):
        contents = gather(ids, start, end)
        to = addressees(ids)
        db.session.rollback()
        names = {i: folder / f"{year}-{i}-{contents[i].digest[:8]}.pdf" for i in ids}
        wanted = [contents[i] for i in ids if not names[i].exists()]
        if wanted:
            with writing_in_bulk():
                made = services.note_statements(wanted, start, end, actor=actor, now=now())
            for each in wanted:
                labels = _labels(each, to[each.supporter_id].language)
                # Noted but not written is what a killed run left behind: that is still the first one.
                noted = services.Made(0, each.supporter_id, replaces=made[each.supporter_id].replaces)
                data = paper.statement(each, to[each.supporter_id], start, end, noted, labels, now())
                _write(names[each.supporter_id], paper.render(data))
            new += len(wanted)
        after = ids[-1]
        progress(len(ids))
    return new


_known: dict[tuple[str, str], str] = {}


def _labels(content: Content, language: str) -> paper.Labels:
    """Names of methods, asked once per language."""
    methods = {line.method for line in content.lines}
    unknown = {m for m in methods if (m, language) not in _known}
    if unknown:
        _known.update({(m, language): label for m, label in paper.method_labels(unknown, language).items()})
    return {m: _known[m, language] for m in methods}


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; for the owner alone."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
