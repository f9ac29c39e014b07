"""The pages of documents: found, shown safely, replaced by newer versions, and who opened what."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask import Flask

from app.base.actor import SYSTEM
from app.base.errors import Refused
from app.documents import files, services
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
        assert answer.headers["X-Frame-Options"] == ("SAMEORIGIN" if name.endswith(".pdf") else "DENY")
        assert "opende het bestand" in client.get(f"/documents/{document_id}").text
    assert client.get(f"/documents/{document_id}/content?download=1").headers["X-Frame-Options"] == "DENY"


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
