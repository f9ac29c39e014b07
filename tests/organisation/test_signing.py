"""Signing online is off until an administrator recorded a tax adviser's approval, with the advice itself."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.documents.services import documents_of
from app.extensions import db
from app.organisation import signing
from tests.factories.organisation import make_organisation
from tests.factories.periodic import APPROVAL
from tests.support.client import Client

SignIn = Callable[[str], Client]
WHERE = "/organisation/online-signing"


@pytest.fixture(autouse=True)
def house(app: Flask) -> None:
    make_organisation()


def filled(**other: Any) -> dict[str, Any]:
    typed = {"on": "20-11-2026", **APPROVAL, "advice": "advies.pdf"} | other
    return typed | {"advice": (io.BytesIO(b"%PDF-1.7 advice" if typed["advice"] else b""), typed["advice"])}


@pytest.mark.parametrize(
    ("other", "field"),
    [({"adviser": ""}, "adviser"), ({"firm": " "}, "firm"), ({"scope": ""}, "scope"), ({"on": "1-1-2027"}, "on"),
     ({"advice": ""}, "advice"), ({"advice": "x.exe"}, "advice")],
)  # fmt: skip
def test_what_an_approval_has_to_say(sign_in: SignIn, other: dict[str, Any], field: str) -> None:
    admin = sign_in("admin")
    refused = admin.post(WHERE, data=filled(**other))
    assert refused.status_code == 422
    assert f'id="{field}-error"' in refused.text or f"#{field}" in refused.text
    assert signing.standing() is None


def test_recorded_once_withdrawn_and_told(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    assert admin.post(WHERE, data=filled()).status_code == 303
    stands = signing.standing()
    assert stands is not None
    assert (stands.adviser, stands.firm, stands.recorded_by_id) == (
        APPROVAL["adviser"],
        APPROVAL["firm"],
        admin.staff_id,
    )
    assert [d.filename for d in documents_of(signing.SUBJECT, stands.id)] == ["advies.pdf"]
    assert APPROVAL["adviser"] in admin.get("/organisation").text
    assert admin.post(WHERE, data=filled()).status_code == 409
    assert admin.post(f"{WHERE}/end").status_code == 303
    assert signing.standing() is None
    page = admin.get(WHERE).text
    assert APPROVAL["scope"] in page
    assert "advies.pdf" in page
    assert admin.post(f"{WHERE}/end").status_code == 404
    told = db.session.execute(select(AuditEvent.action).where(AuditEvent.subject_type == signing.SUBJECT)).scalars()
    assert {"organisation.signing_approved", "organisation.signing_withdrawn"} <= set(told)
