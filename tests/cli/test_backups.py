"""A backup made while people give restores exactly; a damaged one changes nothing."""

from __future__ import annotations

import os
import tarfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from app.audit import services as audit
from app.base.actor import SYSTEM
from app.base.errors import Refused
from app.cli import backups
from app.extensions import db, now, settings, writing
from app.staff import services as staff
from app.staff.models import Staff
from app.ui.permissions import Role
from app.vault import rotation
from tests.support.postgres import Missing, binaries


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the same version as the server."""
    with suppress(Missing):
        monkeypatch.setenv("PATH", f"{binaries()}{os.pathsep}{os.environ['PATH']}")


def hire(number: int) -> None:
    with writing():
        staff.create_account(f"N {number}", f"n{number}@example.org", Role.VIEWER, actor=SYSTEM, now=now())


def everybody() -> list[tuple[object, ...]]:
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(text("SELECT * FROM staff ORDER BY id"))]


def keep_a_file(content: bytes, folder: str = "documents") -> Path:
    path = settings().data_dir / folder / "ab" / "cdef"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_backup_restores_exactly(app: Flask) -> None:
    for number in range(3):
        hire(number)
    with writing():
        audit.record("staff.invited", ("staff", 1), actor=SYSTEM, now=now())
    stored = keep_a_file(b"sealed")
    before = everybody()
    backup = backups.make(now())
    assert backup.stat().st_mode & 0o777 == 0o600
    hire(99)
    stored.write_bytes(b"changed")
    with pytest.raises(Refused, match="in use"):
        backups.restore(backup, force=False)
    assert len(everybody()) == 4
    backups.restore(backup, force=True)
    assert everybody() == before
    assert stored.read_bytes() == b"sealed"
    with pytest.raises(Exception, match="append-only"), writing() as session:  # noqa: B017, PT011 (triggers came along)
        session.execute(text("DELETE FROM audit_event"))


def test_every_store_of_files_is_in_it(app: Flask) -> None:
    """Documents, files of the bank, files for the bank, and whatever a room adds: they are declared in one place."""
    folders = sorted(rotation.sealed_stores())
    assert {"documents", "bank-files", "collection-files"} <= set(folders)
    kept = {folder: keep_a_file(folder.encode(), folder) for folder in folders}
    backup = backups.make(now())
    for path in kept.values():
        path.unlink()
    later = keep_a_file(b"later", "bank-files").rename(settings().data_dir / "bank-files" / "ab" / "later")
    backups.restore(backup, force=True)
    assert {folder: path.read_bytes() for folder, path in kept.items()} == {f: f.encode() for f in folders}
    assert not later.exists(), "what the restored database knows nothing of is gone"


def test_a_backup_under_load_is_one_moment(app: Flask) -> None:
    """Each writer makes two accounts in one transaction: a backup holds both of a pair, or none."""
    stop = threading.Event()

    def write(name: str) -> None:
        with app.app_context():
            number = 0
            while not stop.is_set():
                number += 1
                with writing():
                    for half in ("a", "b"):
                        email = f"{name}{number}{half}@example.org"
                        staff.create_account(email, email, Role.VIEWER, actor=SYSTEM, now=now())
            db.session.remove()

    writers = [threading.Thread(target=write, args=(name,)) for name in ("x", "y")]
    for writer in writers:
        writer.start()
    try:
        made = [backups.make(app.extensions["clock"].now().replace(microsecond=i)) for i in range(3)]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    counts = []
    for backup in made:
        backups.restore(backup, force=True)
        emails = {email.removesuffix("@example.org") for (email,) in db.session.execute(db.select(Staff.email)).all()}
        pairs = {email[:-1] for email in emails}
        assert emails == {pair + half for pair in pairs for half in "ab"}
        counts.append(len(emails))
        db.session.rollback()
    assert counts == sorted(counts)


def test_a_damaged_backup_is_refused_and_changes_nothing(app: Flask, tmp_path: Path) -> None:
    hire(1)
    keep_a_file(b"sealed" * 1000)
    backup = backups.make(now())
    whole = backup.read_bytes()
    before = everybody()
    middle = len(whole) // 2
    for damaged in (whole[: middle // 512 * 512], whole[:middle], b"", b"not a tar" * 100, _flipped(whole, b"sealed")):
        bad = tmp_path / "bad.tar"
        bad.write_bytes(damaged)
        with pytest.raises(Refused):
            backups.restore(bad, force=True)
        assert everybody() == before
    with pytest.raises(Refused, match="not there"):
        backups.restore(tmp_path / "none.tar", force=True)


def _flipped(whole: bytes, near: bytes) -> bytes:
    at = whole.index(near)
    return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]


@pytest.mark.databases("sqlite")
def test_an_archive_that_climbs_out_is_refused(app: Flask, tmp_path: Path) -> None:
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as tar:
        tar.add(__file__, arcname="../../climbed")
    with pytest.raises(Refused, match="does not belong"):
        backups.restore(evil, force=True)
    assert not (tmp_path.parent / "climbed").exists()


@pytest.mark.databases("sqlite")
def test_the_oldest_backups_go_and_keys_stay_out(app: Flask, clock: object) -> None:
    keep = settings().backup_keep
    names = []
    for _ in range(keep + 2):
        names.append(backups.make(now()).name)
        clock.forward(minutes=1)  # type: ignore[attr-defined]
    left = sorted(path.name for path in settings().backup_dir.iterdir())
    assert left == names[2:]
    content = (settings().backup_dir / names[-1]).read_bytes()
    assert settings().secret_key.encode() not in content
    assert settings().vault_keys.encode() not in content
