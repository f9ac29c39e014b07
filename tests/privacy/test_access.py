"""All that is held of a person, and of nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.base.actor import SYSTEM
from app.base.holdings import all_holdings
from app.extensions import db, now, writing
from app.privacy import access
from app.supporters.contacts import add_iban
from tests.factories.organisation import make_organisation
from tests.factories.supporters import person
from tests.support.client import Client

IBAN = "NL44RABO0123456789"


@pytest.fixture
def two(app: Flask) -> tuple[int, int]:
    make_organisation()
    mine, other = person("Anne de Wit", email="anne@example.org"), person("Bob Bos", email="bob@example.org")
    with writing():
        add_iban(mine, IBAN, "A. de Wit", source="bank", actor=SYSTEM, now=now())
    return mine, other


def loaded(supporter_id: int, *, looked_through: bool = True) -> dict[str, Any]:
    content = access.take_out(supporter_id, looked_through=looked_through, actor=SYSTEM, now=now())
    told: dict[str, Any] = json.loads(content)
    return told["data"]


def test_what_is_sealed_is_opened_and_others_are_not_in_it(two: tuple[int, int]) -> None:
    told = json.dumps(loaded(two[0]))
    assert "Anne de Wit" in told
    assert "anne@example.org" in told
    assert IBAN in told
    assert "bob@example.org" not in told
    assert IBAN not in json.dumps(loaded(two[1]))


def test_every_declared_holding_can_be_read(two: tuple[int, int]) -> None:
    assert {each.table for each in all_holdings()} <= set(db.metadata.tables)
    for each in all_holdings():
        columns = set(db.metadata.tables[each.table].c.keys())
        assert {each.column, *each.personal_columns} <= columns, each.table


def test_it_leaves_a_trace_without_telling_what(two: tuple[int, int]) -> None:
    loaded(two[0])
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "supporter.access")).one()
    assert "anne" not in str(event.changes)


def test_staff_take_it_out_where_they_may_read_notes(sign_in: Callable[[str], Client], two: tuple[int, int]) -> None:
    for role, status in (("viewer", 403), ("finance", 403), ("fundraiser", 200)):
        assert sign_in(role).get(f"/supporters/{two[0]}/data/json").status_code == status
    client = sign_in("fundraiser")
    assert "Alle gegevens (JSON)" in client.get(f"/supporters/{two[0]}").text
    answer = client.get(f"/supporters/{two[0]}/data/json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert client.get("/supporters/1/data/json").status_code == 404
