"""Backups: a consistent copy of the database and the stored files in one .tar, with checksums.

The keys (SECRET_KEY, VAULT_KEYS, secrets.json) stay out: whoever finds a backup cannot read what is
sealed in it. SQLite is copied by its backup API while donors go on giving; PostgreSQL by pg_dump.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, inspect, make_url

from app.base.errors import Refused
from app.extensions import db, settings
from app.vault.rotation import sealed_stores
from config import SettingsError

MANIFEST = "manifest.json"
BLOCK = 1024 * 1024


def make(now: datetime) -> Path:
    """Write a backup to BACKUP_DIR and remove the oldest beyond BACKUP_KEEP. The file."""
    config = settings()
    try:
        config.backup_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=config.backup_dir) as name:
            folder = Path(name)
            _dump(folder)
            for store in sealed_stores():
                if (config.data_dir / store).is_dir():
                    # A draft may be gone before it is copied: it becomes a file of its own, or nothing.
                    shutil.copytree(config.data_dir / store, folder / store, ignore=shutil.ignore_patterns(".*"))
            target = config.backup_dir / f"draagvlak-{now:%Y%m%dT%H%M%S%fZ}.tar"
            _pack(folder, target, now)
    except OSError as error:
        raise SettingsError(f"BACKUP_DIR: cannot write to {config.backup_dir} ({error.strerror}).") from None
    _forget_old(config.backup_dir, config.backup_keep)
    return target


def _dump(folder: Path) -> None:
    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        source, target = sqlite3.connect(str(url.database)), sqlite3.connect(folder / "database.sqlite")
        with closing(source), closing(target):
            source.backup(target)  # in one step: one moment of the database, however busy it is
            target.execute("PRAGMA journal_mode = DELETE")
    else:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={folder / 'database.pgdump'}")


def _run(program: str, *words: str) -> None:
    """A PostgreSQL program, told by the environment where to go, so that no password shows in a process list."""
    config = settings()
    url: URL = make_url(config.migration_database_url or config.database_url)
    where = {"PGHOST": url.host or url.query.get("host"), "PGPORT": url.port or url.query.get("port")}
    where |= {"PGUSER": url.username, "PGPASSWORD": url.password, "PGDATABASE": url.database}
    environ = os.environ | {name: str(value) for name, value in where.items() if value}
    try:
        done = subprocess.run([program, *words], env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise Refused(f"{program} is not on this PATH: install the PostgreSQL client programs.") from None
    if done.returncode:
        raise Refused(f"{program}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")


def _pack(folder: Path, target: Path, now: datetime) -> None:
    """Everything and its checksums, under a temporary name until it is whole on disk."""
    sums = {str(path.relative_to(folder)): _digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    manifest = {"made_at": now.isoformat(), "database": db.engine.dialect.name, "sha256": sums}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    draft = target.with_name(f".{target.name}.part")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name in [MANIFEST, *sums]:
                tar.add(folder / name, arcname=name)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _forget_old(folder: Path, keep: int) -> None:
    if keep:
        for path in sorted(folder.glob("draagvlak-*.tar"))[:-keep]:
            path.unlink()


@contextmanager
def opened(file: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A backup unpacked in a folder of its own, every checksum verified. Raises Refused when it is not whole."""
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=settings().data_dir) as name:
        folder = Path(name)
        try:
            _unpack(file, folder)
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            sums: dict[str, str] = manifest["sha256"]
            there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
            whole = there == set(sums) and all(_digest(folder / name) == known for name, known in sums.items())
        except FileNotFoundError:
            raise Refused(f"{file} is not there, or holds no manifest.") from None
        except (OSError, EOFError, tarfile.TarError, ValueError, KeyError) as error:
            raise Refused(f"{file} is not a whole backup: {error}") from None
        if not whole:
            raise Refused(f"{file} is damaged: a checksum differs. Nothing was restored.")
        yield folder, manifest


def _unpack(file: Path, folder: Path) -> None:
    """Plain files only, and none outside the folder, whatever the archive says."""
    with tarfile.open(file, mode="r:") as tar:
        for member in tar:
            target = (folder / member.name).resolve()
            content = tar.extractfile(member) if member.isfile() else None
            if content is None or not target.is_relative_to(folder.resolve()):
                raise tarfile.TarError(f"it holds {member.name!r}, which does not belong in a backup")
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with target.open("xb") as copy:
                shutil.copyfileobj(content, copy, BLOCK)


def restore(file: Path, *, force: bool) -> None:
    """Put a backup back. Refuses over a database that holds anything, unless forced."""
    with opened(file) as (folder, manifest):
        if manifest["database"] != db.engine.dialect.name:
            raise Refused(f"This backup is of {manifest['database']}; DATABASE_URL is {db.engine.dialect.name}.")
        if not force and _holds_rows():
            raise Refused("This database is in use. Restore into an empty one, or say --force to replace it.")
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            _restore_sqlite(folder / "database.sqlite")
        else:
            _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction",
                 f"--dbname={make_url(settings().database_url).database}", str(folder / "database.pgdump"))  # fmt: skip
        for store in sealed_stores():
            _restore_files(folder / store)


def _holds_rows() -> bool:
    with db.engine.connect() as connection:
        inspector = inspect(connection)
        return "staff" in inspector.get_table_names() and bool(
            connection.exec_driver_sql("SELECT 1 FROM staff LIMIT 1").first()
        )


def _restore_sqlite(copy: Path) -> None:
    """Check the copy, then write it over the database page by page: a server that is running sees one or the other."""
    with closing(sqlite3.connect(copy)) as source:
        verdict = source.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise Refused(f"The database in this backup is damaged: {verdict}")
        if source.execute("PRAGMA foreign_key_check").fetchone():
            raise Refused("The database in this backup has rows that point at nothing.")
        with closing(sqlite3.connect(str(db.engine.url.database), timeout=10)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = WAL")
    db.engine.dispose()


def _restore_files(source: Path) -> None:
    """The stored files of the backup take the place of those that are there, which are kept beside until it is done."""
    target = settings().data_dir / source.name
    before = target.with_name(f".{source.name}-before")
    shutil.rmtree(before, ignore_errors=True)
    if target.exists():
        target.rename(before)
    if source.is_dir():
        shutil.move(source, target)
    shutil.rmtree(before, ignore_errors=True)
