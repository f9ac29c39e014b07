from __future__ import annotations

import io
import threading
import time
import zipfile
from contextlib import suppress

import pytest
from flask import Flask

from app.base.actor import Actor
from app.base.errors import Invalid, NotFound
from app.documents import erasing, files, services
from app.extensions import db, now, settings, writing

PDF = b"%PDF-1.7 canary content"


def office(part: str, size: int = 10) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, b"x" * size)
    return out.getvalue()


def test_a_file_lies_sealed_on_disk_once_under_its_hash(app: Flask) -> None:
    one, two = files.keep(PDF, "a.pdf"), files.keep(PDF, "b.pdf")
    assert one.sha256 == two.sha256
    stored = [path for path in (settings().data_dir / "documents").rglob("*") if path.is_file()]
    assert len(stored) == 1
    assert b"canary" not in stored[0].read_bytes()
    assert files.read(one.sha256) == PDF


def _attached(file: files.StoredFile, subject: tuple[str, int]) -> int:
    with writing():
        return services.attach(file, subject, "report", actor=Actor("staff", 7), now=now()).id


def test_a_file_that_is_kept_again_before_it_is_erased_elsewhere_stays(app: Flask) -> None:
    theirs = _attached(files.keep(PDF, "a.pdf"), ("supporter", 1))
    again = files.keep(PDF, "b.pdf")
    erasing.remove_files([theirs])
    assert not files.is_stored(again.sha256)
    _attached(again, ("grant_award", 2))
    assert files.read(again.sha256) == PDF


def test_a_file_that_is_erased_while_another_record_takes_it_stays(app: Flask) -> None:
    theirs = _attached(files.keep(PDF, "a.pdf"), ("supporter", 1))
    again, taken = files.keep(PDF, "b.pdf"), threading.Event()

    def erase() -> None:
        with app.app_context():
            assert taken.wait(30)
            erasing.remove_files([theirs])

    eraser = threading.Thread(target=erase)
    eraser.start()
    with writing():
        services.attach(again, ("grant_award", 2), "report", actor=Actor("staff", 7), now=now())
        db.session.flush()
        taken.set()
        time.sleep(0.5)
    eraser.join(30)
    assert files.read(again.sha256) == PDF


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PDF, "Verslag 2026.PDF", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n..", "logo.png", "image/png"),
        (office("word/document.xml"), "a.docx", files._OFFICE["word/document.xml"]),
        (office("xl/workbook.xml"), "a.xlsx", files._OFFICE["xl/workbook.xml"]),
        ("été".encode(), "a.csv", "text/plain"),
    ],
)
def test_files_are_recognised_by_content(app: Flask, content: bytes, name: str, media_type: str) -> None:
    assert files.keep(content, name).media_type == media_type


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "a.pdf"),
        (b"MZ\x90\x00", "a.exe"),
        (b"MZ\x90\x00", "a.pdf"),
        (PDF, "a.exe"),
        (b"<html><script>", "a.html"),
        (b"<svg onload=x>", "a.svg"),
        (office("word/document.xml", 5_000_000), "bomb.docx"),
        (b"PK\x03\x04 truncated", "a.docx"),
        (b"x" * (files.MAX_BYTES + 1), "a.txt"),
    ],
)
def test_other_files_are_refused_with_a_reason(app: Flask, content: bytes, name: str) -> None:
    with pytest.raises(Invalid):
        files.keep(content, name)


def test_a_damaged_package_is_refused_as_any_other(app: Flask) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        package.writestr("content.xml", "x")
    whole = out.getvalue()
    for place in range(4, len(whole)):
        for flip in (0x01, 0x08, 0xA5):
            with suppress(Invalid):
                files.keep(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :], "a.odt")


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\docs\\verslag.pdf", "verslag.pdf"),
        ("a\u202efdp.pdf", "afdp.pdf"),
        ("x" * 400 + ".pdf", "x" * 180 + ".pdf"),
    ],
)
def test_names_are_bare(app: Flask, name: str, clean: str) -> None:
    assert files.keep(PDF, name).filename == clean


def test_files_are_attached_and_removed(app: Flask) -> None:
    actor = Actor("staff", 1)
    kept = files.keep(PDF, "a.pdf")
    with writing():
        document = services.attach(kept, ("obligation", 3), "report", actor=actor, now=now())
        document_id = document.id
    assert [d.id for d in services.documents_of("obligation", 3)] == [document_id]
    with writing():
        services.remove(document_id, actor=actor, now=now())
    assert services.documents_of("obligation", 3) == []
    with writing(), pytest.raises(NotFound):
        services.remove(document_id, actor=actor, now=now())


def test_a_file_gone_from_disk_is_a_declared_error(app: Flask) -> None:
    with pytest.raises(NotFound):
        files.read("0" * 64)
