"""Files 0600 and folders 0700 in DATA_DIR, whatever the umask; what lay open before is closed at start."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app
from app.documents import files
from app.extensions import db
from tests.conftest import make_settings
from tests.support.processes import environment, flask

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """What lies open to group or others, by its path."""
    found = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder)): oct(path.stat().st_mode & 0o777) for path in found if open_to_others(path)}


def open_to_others(path: Path) -> bool:
    return bool(path.lstat().st_mode & 0o077)


@pytest.mark.complete
def test_all_that_commands_write_is_for_its_owner_alone(tmp_path: Path) -> None:
    """A command inherits an umask of 0: the widest there is."""
    folder = tmp_path / "new"
    environ = environment(folder, APP_ENV="test")
    for words in (["db", "upgrade"], ["backup", "make"], ["worker", "--once"]):
        done = flask(environ, *words)
        assert done.returncode == 0, done.stderr
    assert {"draagvlak.db", "secrets.json", "backups"} <= {path.name for path in folder.iterdir()}
    assert modes(folder) == {}


def test_a_stored_document_and_the_files_beside_the_database(database_url: str, tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path, DATABASE_URL=database_url))
    with app.app_context():
        files.keep(b"%PDF-1.7 hello", "a.pdf")
        with db.engine.connect() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM staff")
            assert (tmp_path / "draagvlak.db-wal").exists()
            assert modes(tmp_path) == {}
        db.engine.dispose()


def test_what_lay_open_is_closed_at_start_and_links_are_not_followed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "var", tmp_path / "elsewhere"
    (folder / "documents" / "ab").mkdir(parents=True)
    elsewhere.write_text("of somebody else")
    elsewhere.chmod(0o644)
    (folder / "demo-password").symlink_to(elsewhere)
    sqlite3.connect(folder / "draagvlak.db").close()
    for path in (folder, folder / "documents", folder / "documents" / "ab"):
        path.chmod(0o755)
    (folder / "draagvlak.db").touch()
    (folder / "draagvlak.db").chmod(0o644)
    create_app(make_settings(folder))
    (folder / "demo-password").unlink()
    assert modes(folder) == {}
    assert open_to_others(elsewhere)
