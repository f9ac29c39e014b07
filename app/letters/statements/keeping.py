"""The PDFs of a run: taken out as a ZIP or into a folder, and cleared after a month."""

from __future__ import annotations

import os
import secrets
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.references import code_of
from app.base.works import Payload, periodic
from app.documents.files import clean
from app.extensions import db, now, settings, writing
from app.letters.statements.models import RunState, StatementItem, StatementRun
from app.letters.statements.runs import STORE, find
from app.supporters.models import Supporter

KEPT = timedelta(days=30)
_PAGE = 200


def zipped(run_id: int, *, actor: Actor, now: datetime) -> IO[bytes]:
    """All PDFs of a run in one file, open at its start and gone once closed; who took it out is in the trail.
    Not inside `writing()`: it takes its time. A file that is gone from disk is left out."""
    year = find(run_id).year
    db.session.rollback()
    file = tempfile.TemporaryFile(dir=settings().data_dir, prefix="statements-")  # noqa: SIM115 (the caller closes it)
    try:
        rows = 0
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # a PDF is packed already
            for name, digest in files_of(run_id, year):
                with archive.open(name, "w") as entry:
                    for piece in STORE.read(digest):
                        entry.write(piece)
                rows += 1
        file.seek(0)
        with writing():
            changes = {"year": year, "rows": rows}
            audit.record("statements.taken_out", ("statement_run", run_id), actor=actor, now=now, changes=changes)
    except BaseException:
        file.close()
        raise
    return file


def files_of(run_id: int, year: int) -> Iterator[tuple[str, str]]:
    """Name and hash of each PDF that was not cleared, page by page. Reads, and holds no transaction open."""
    last = 0
    while True:
        rows = db.session.execute(
            select(StatementItem.id, StatementItem.supporter_id, StatementItem.file, Supporter.sort_name)
            .join(Supporter, Supporter.id == StatementItem.supporter_id)
            .where(
                StatementItem.run_id == run_id, StatementItem.file.is_not(None), StatementItem.supporter_id > last
            )
            .order_by(StatementItem.supporter_id)
            .limit(_PAGE)
        ).all()  # fmt: skip
        db.session.rollback()
        for row_id, _supporter_id, digest, name in rows:
            yield clean(f"{year} {name[:80].replace('/', '-')} {code_of(row_id)}.pdf"), digest or ""
        if len(rows) < _PAGE:
            return
        last = rows[-1].supporter_id


def write_out(run_id: int, folder: Path) -> int:
    """Write each PDF into `folder`, whole and for the owner alone; how many were new there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = 0
    for name, digest in files_of(run_id, find(run_id).year):
        path = folder / name
        if path.exists():
            continue
        draft = path.with_name(f".{secrets.token_hex(8)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(STORE.read(digest))
        draft.replace(path)
        new += 1
    return new


@periodic("statements.clear", daily_at="03:40")
def clear(_: Payload) -> None:
    """Forget the files of runs that are older than a month, and those of people who were erased."""
    old = select(StatementRun.id).where(
        StatementRun.state == RunState.DONE, StatementRun.cleared_at.is_(None), StatementRun.finished_at < now() - KEPT
    )
    runs = list(db.session.scalars(old))
    if runs:
        with writing():
            mine = StatementItem.run_id.in_(runs)
            db.session.execute(update(StatementItem).where(mine, StatementItem.file.is_not(None)).values(file=None))
            db.session.execute(update(StatementRun).where(StatementRun.id.in_(runs)).values(cleared_at=now()))
    lying = STORE.kept(before=now() - timedelta(hours=1))  # a younger one may be about to be noted
    for begin in range(0, len(lying), _PAGE):
        names = lying[begin : begin + _PAGE]
        wanted = set(db.session.scalars(select(StatementItem.file).where(StatementItem.file.in_(names))))
        db.session.rollback()
        for name in set(names) - wanted:
            STORE.forget(name)
