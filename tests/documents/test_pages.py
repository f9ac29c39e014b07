"""The pages of documents: found, shown safely, replaced by newer versions, and who opened what."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from flask import Flask
from pypdf import PdfWriter

from app.base.actor import SYSTEM
from app.base.errors import Refused
from app.documents import files, pictures, services
from app.documents.models import Document
from app.extensions import db, now, settings, writing
from app.ui.permissions import Role
from tests.factories import grants as make
from tests.support.client import Client

PDF = b"%PDF-1.7 one"
PNG = b"\x89PNG\r\n\x1a\n.."


@pytest.fixture
def funder(app: Flask) -> int:
    with writing():
        return make.funder(now())


def kept(funder_id: int, content: bytes = PDF, name: str = "Overeenkomst Adessium.pdf", kind: str = "agreement") -> int:
    file = files.keep(content, name)
    with writing():
        return services.attach(file, ("funder", funder_id), kind, actor=SYSTEM, now=now()).id


def upload(name: str, content: bytes) -> dict[str, object]:
    return {"file": (io.BytesIO(content), name), "kind": "letter"}


def test_documents_are_found_by_words_of_their_name(funder: int, sign_in: Callable[[Role | str], Client]) -> None:
    kept(funder), kept(funder, PDF + b"2", "Brief 100% zeker.pdf", "letter")
    client = sign_in("viewer")
    assert b"Overeenkomst Adessium.pdf" in client.get("/documents?q=adessium+overeen").data
    assert b"Overeenkomst Adessium.pdf" not in client.get("/documents?kind=letter").data
    assert b"Brief 100%" in client.get("/documents?q=100%25").data
    assert b"Overeenkomst" not in client.get("/documents?q=%25").data.split(b"<tbody>")[-1]
    assert client.get("/documents?kind=nonsense").status_code == 400


def test_an_opened_file_runs_nothing_and_is_in_the_trail(funder: int, sign_in: Callable[[Role | str], Client]) -> None:
    client = sign_in("viewer")
    for content, name, shown in ((PDF, "a.pdf", True), (PNG, "a.png", True), (b"<script>", "a.txt", False)):
        document_id = kept(funder, content, name)
        answer = client.get(f"/documents/{document_id}/content")
        policies = "; ".join(answer.headers.getlist("Content-Security-Policy"))
        assert answer.data == content
        assert "default-src 'none'" in policies
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("inline" if shown else "attachment")
        assert ("sandbox" in policies) is not name.endswith(".pdf")
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "opende het bestand" in client.get(f"/documents/{document_id}").text


def drawn(pages: int, password: str = "") -> bytes:
    """A PDF of so many pages of A4, the second lying on its side."""
    writer, out = PdfWriter(), io.BytesIO()
    for number in range(pages):
        writer.add_blank_page(*((842, 595) if number == 1 else (595, 842)))
    if password:
        writer.encrypt(password)
    writer.write(out)
    return out.getvalue()


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize(("pages", "height"), [(1, 1416), (2, 2135), (5, 3563)])
def test_the_first_pages_of_a_pdf_are_a_picture(pages: int, height: int) -> None:
    width, high = size_of(pictures.of_pdf(drawn(pages)))
    assert (width, abs(high - height) < 4) == (1000, True), high


def test_a_preview_is_a_picture_that_is_in_the_trail(funder: int, sign_in: Callable[[Role | str], Client]) -> None:
    client = sign_in("viewer")
    document_id = kept(funder, drawn(1), "a.pdf")
    page = client.get(f"/documents/{document_id}").text
    assert f'src="/documents/{document_id}/pages.png"' in page
    assert "opende het bestand" not in page
    assert size_of(client.get(f"/documents/{document_id}/pages.png").data)[0] == 1000
    assert "opende het bestand" in client.get(f"/documents/{document_id}").text
    assert client.get(f"/documents/{kept(funder, PNG, 'a.png')}/pages.png").status_code == 404


@pytest.mark.parametrize("content", [PDF, drawn(1, "geheim"), drawn(1)[:200], b"%PDF-" + b"[" * 100_000])
def test_a_pdf_that_cannot_be_drawn_says_so_in_the_preview(
    funder: int, sign_in: Callable[[Role | str], Client], content: bytes
) -> None:
    answer = sign_in("viewer").get(f"/documents/{kept(funder, content)}/pages.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert "Download hem om hem te lezen" in answer.text
    assert "sandbox" in answer.headers.getlist("Content-Security-Policy")[0]


def test_a_newer_version_keeps_the_older_one(funder: int, sign_in: Callable[[Role | str], Client]) -> None:
    first = kept(funder)
    client = sign_in("fundraiser")
    answer = client.post(f"/documents/{first}/version", data=upload("Overeenkomst 2.pdf", PDF + b"2"))
    assert answer.status_code == 303
    newest = db.session.get_one(Document, int(answer.location.rpartition("/")[2]))
    assert (newest.number, newest.first_id, newest.kind) == (2, first, "agreement")
    assert [each.id for each in services.documents_of("funder", funder)] == [newest.id]
    assert client.get(f"/documents/{first}/content").data == PDF
    older = client.get(f"/documents/{first}").text
    assert "oudere versie" in older
    assert "Overeenkomst 2.pdf" in older
    assert client.post(f"/documents/{first}/version", data=upload("x.pdf", b"%PDF-3")).status_code == 409
    with pytest.raises(Refused), writing():
        services.new_version(newest.id, files.keep(PDF + b"2", "x.pdf"), actor=SYSTEM, now=now())


def test_files_are_added_renamed_and_taken_off(funder: int, sign_in: Callable[[Role | str], Client]) -> None:
    client = sign_in("fundraiser")
    page = f"/documents/new/funder/{funder}"
    assert client.post(page, data=upload("evil.pdf", b"<html><script>")).status_code == 422
    assert client.post(page, data={"kind": "letter"}).status_code == 422
    assert client.post(page, data=upload("brief.pdf", PDF)).status_code == 303
    (document,) = services.documents_of("funder", funder)
    document_id = document.id
    assert "brief.pdf" in client.get(f"/grants/funders/{funder}").text
    client.post(f"/documents/{document_id}/edit", data={"filename": "../Toekenning.exe", "kind": "award"})
    changed = db.session.get_one(Document, document_id, populate_existing=True)
    assert (changed.filename, changed.kind) == ("Toekenning.exe.pdf", "award")
    assert client.post(f"/documents/{document_id}/remove").status_code == 303
    assert client.get(f"/documents/{document_id}").status_code == 404


def test_what_nobody_vouches_for_is_not_there(funder: int, sign_in: Callable[[Role | str], Client]) -> None:
    client = sign_in("admin")
    file = files.keep(PDF, "geheim.pdf")
    with writing():
        document_id = services.attach(file, ("unknown", 1), "other", actor=SYSTEM, now=now()).id
    for path in (f"/documents/{document_id}", f"/documents/{document_id}/content", "/documents/new/unknown/1"):
        assert client.get(path).status_code == 404
    assert b"geheim" not in client.get("/documents").data
    assert client.get("/documents/new/funder/1").status_code == 404


def test_viewers_only_look(funder: int, sign_in: Callable[[Role | str], Client]) -> None:
    document_id = kept(funder)
    client = sign_in("viewer")
    for path in (f"/documents/{document_id}/version", f"/documents/{document_id}/remove"):
        assert client.post(path, data=upload("b.pdf", PDF)).status_code == 403
    assert len(services.documents_of("funder", funder)) == 1


def test_stored_files_are_ours_alone(app: Flask) -> None:
    files.keep(PDF, "a.pdf")
    stored = [path for path in (settings().data_dir / "documents").rglob("*") if path.is_file()]
    assert [path.stat().st_mode & 0o777 for path in stored] == [0o600]
