"""What we write is for its owner alone: files 0600, folders 0700, whatever the umask says.

The umask of the process is narrowed for all that is still to be made. What an older version, a
copy or another umask left open in DATA_DIR is closed at start. A folder that we may share with
others (sticky, such as /tmp, or somebody else's) is left as it is; what we put in it is not.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sqlalchemy import make_url

from config import Settings

UMASK = 0o077
_SUFFIXES = ("", "-wal", "-shm", "-journal")
_FILES = ("secrets.json", "demo-password", "audit-heads.log", ".set-up.lock")
_FOLDERS = ("documents", "bank-files", "collection-files", "static", "languages")


def init_app(config: Settings) -> None:
    os.umask(os.umask(UMASK) | UMASK)
    folder = config.data_dir
    if (folder / "secrets.json").exists() or (folder / "draagvlak.db").exists():
        _close(folder)
    for name in (*_FILES, *_FOLDERS):
        _close(folder / name)
    for document in (folder / "documents").glob("??"):
        _close(document)
    for backup in config.backup_dir.glob("draagvlak-*.tar"):
        _close(backup)
    if config.is_sqlite and (database := make_url(config.database_url).database):
        for suffix in _SUFFIXES:
            _close(Path(database + suffix))


def _close(path: Path) -> None:
    """Take away what group and others may do with a file or folder of ours; links are not followed."""
    try:
        there = path.lstat()
        open_bits = there.st_mode & UMASK
        if open_bits and there.st_uid == os.geteuid() and not there.st_mode & stat.S_ISVTX and not path.is_symlink():
            path.chmod(stat.S_IMODE(there.st_mode) & ~UMASK)
    except OSError:  # not there, or on a file system without modes
        return
