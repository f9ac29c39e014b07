"""Files on disk: recognised by content, stored once under their hash, sealed.

A file is written before the transaction that refers to it and is never changed, so a crash
in between leaves at most a file that nothing refers to.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import unicodedata
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from app.base.errors import Invalid, NotFound
from app.base.states import N_
from app.base.zips import DAMAGED_ZIP
from app.extensions import settings
from app.vault.rotation import declare_store
from app.vault.services import is_current, seal, unseal_bytes

MAX_BYTES = 20 * 1024 * 1024
_OFFICE = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/presentation.xml": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_ENDINGS = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "text/plain": (".txt", ".csv", ".eml", ".md"),
    _OFFICE["word/document.xml"]: (".docx",),
    _OFFICE["xl/workbook.xml"]: (".xlsx",),
    _OFFICE["ppt/presentation.xml"]: (".pptx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
}
ACCEPT = ",".join(ending for endings in _ENDINGS.values() for ending in endings)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies on disk already and waits to be attached to a record."""

    filename: str
    media_type: str
    size: int
    sha256: str
    content: bytes = field(default=b"", repr=False, compare=False)  # for whom it has to be put back


def keep(content: bytes, filename: str) -> StoredFile:
    """Check and store one file, outside any transaction.

    Raises Invalid for an empty or too large file, an unknown type, or a name that says
    something else than the content.
    """
    if not content:
        raise Invalid(N_("This file is empty."))
    if len(content) > MAX_BYTES:
        raise Invalid(N_("This file is larger than 20 MB."))
    name = clean(filename)
    media_type = _recognise(content)
    if media_type is None or not name.lower().endswith(_ENDINGS[media_type]):
        raise Invalid(N_("This kind of file is not accepted. Use PDF, Word, Excel, OpenDocument, a picture or text."))
    return StoredFile(name, media_type, len(content), keep_own(content), content)


def keep_own(content: bytes) -> str:
    """Store a file that we made ourselves, of any kind, outside any transaction; returns its hash."""
    digest = hashlib.sha256(content).hexdigest()
    path = _path(digest)
    if not path.exists():
        _write(path, seal(content, f"file:{digest}"))
    return digest


def renamed(filename: str, media_type: str) -> str:
    """A clean name with an ending that fits the content; the usual one is added where it does not."""
    name, endings = clean(filename), _ENDINGS.get(media_type, ("",))
    return name if name.lower().endswith(endings) else f"{name[:180]}{endings[0]}"


def read(digest: str) -> bytes:
    """The content of a stored file. Raises NotFound where it is gone from disk."""
    try:
        return unseal_bytes(_path(digest).read_bytes(), f"file:{digest}")
    except FileNotFoundError:
        raise NotFound(N_("This file is not here (any more).")) from None


def is_stored(digest: str) -> bool:
    """Whether this is on disk still."""
    return _path(digest).exists()


def remove_stored(digest: str) -> None:
    """Take a stored file off the disk; one that is gone already is fine."""
    _path(digest).unlink(missing_ok=True)


def _path(digest: str) -> Path:
    return settings().data_dir / "documents" / digest[:2] / digest[2:]


def _write(path: Path, blob: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(blob)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def clean(filename: str) -> str:
    """The bare name: no folders, control or direction characters, at most 200 long with its ending kept."""
    bare = filename.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in unicodedata.normalize("NFC", bare) if unicodedata.category(c)[0] != "C").strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[:180]}{dot}{ending[:12]}" or "document"


def _recognise(content: bytes) -> str | None:
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith(b"PK\x03\x04"):
        return _recognise_zip(content)
    if b"\x00" not in content:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return "text/plain"
    return None


def _recognise_zip(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            # What unpacks to more than a hundred times its size is a bomb, not a report.
            if len(entries) > 10_000 or unpacked > 100 * len(content):
                return None
            names = {entry.filename for entry in entries}
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
                kind = archive.read("mimetype").decode("ascii", "replace")
                return kind if kind in _ENDINGS else None
    except DAMAGED_ZIP:
        return None
    return next((kind for part, kind in _OFFICE.items() if part in names), None)


def _reseal() -> int:
    changed = 0
    for path in (settings().data_dir / "documents").glob("??/*"):
        blob, digest = path.read_bytes(), path.parent.name + path.name
        if not path.name.startswith(".") and not is_current(blob):
            _write(path, seal(unseal_bytes(blob, f"file:{digest}"), f"file:{digest}"))
            changed += 1
    return changed


declare_store("documents", _reseal)
