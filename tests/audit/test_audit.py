from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from app.audit import chain, queries, services
from app.audit.models import AuditEvent
from app.base.actor import SYSTEM, Actor
from app.extensions import db, now, writing
from app.extensions.database import writing_connection
from app.extensions.logs import RedactingFormatter
from app.vault.services import destroy_person_keys, make_person_keys

ANNA = Actor("staff", 5, "")


def record(action: str = "grant.awarded", subject_id: int = 1, **kwargs: object) -> None:
    with writing():
        services.record(action, ("grant_award", subject_id), actor=ANNA, now=now(), **kwargs)  # type: ignore[arg-type]


@contextmanager
def tampering() -> Iterator[Connection]:
    """Somebody with full access to the database, who first takes the triggers away."""
    with writing_connection(db.engine) as connection, connection.begin():
        if db.engine.dialect.name == "sqlite":
            names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
            for name in names:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for table in ("audit_event", "audit_seal"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield connection


def test_a_line_tells_who_did_what(app: Flask) -> None:
    record(changes={"amount": [1, 2], "since": [None, date(2026, 1, 1)]})
    (line,) = queries.trail("grant_award", 1)
    assert (line.action, line.actor_id, line.at) == ("grant.awarded", 5, now())
    assert line.changes == {"amount": [1, 2], "since": [None, "2026-01-01"]}
    assert queries.trail("grant_award", 2) == []


def test_search_by_beginning_of_the_action(app: Flask) -> None:
    record("grant.awarded")
    record("gift.received")
    assert [line.action for line in queries.search(action="grant.")] == ["grant.awarded"]
    assert [line.action for line in queries.search(actor_id=6)] == []


def test_what_changed_about_a_person_is_unreadable_once_that_person_is_erased(app: Flask) -> None:
    with writing():
        make_person_keys([9])
        services.record(
            "supporter.renamed",
            ("supporter", 9),
            actor=SYSTEM,
            now=now(),
            changes={"name": ["Canary", "B"]},
            person_id=9,
        )
    raw = db.session.execute(select(AuditEvent.__table__)).one()
    assert "Canary" not in repr(raw)
    assert queries.trail("supporter", 9)[0].changes == {"name": ["Canary", "B"]}
    with writing():
        destroy_person_keys([9])
    (line,) = queries.trail("supporter", 9)
    assert line.changes is None
    assert line.action == "supporter.renamed"


@pytest.mark.parametrize("statement", ["UPDATE {0} SET id = id + 1", "DELETE FROM {0}"])
@pytest.mark.parametrize("table", ["audit_event", "audit_seal"])
def test_the_database_refuses_changes(app: Flask, statement: str, table: str) -> None:
    record()
    chain.seal_fresh()
    with pytest.raises(DBAPIError, match="append-only"), writing() as session:
        session.execute(text(statement.format(table)))


def test_a_whole_trail_verifies_and_sealing_twice_changes_nothing(app: Flask) -> None:
    for n in range(7):
        record(subject_id=n)
    assert chain.seal_fresh() == 7
    record()
    assert list(chain.verify()) == []
    assert chain.seal_fresh() == 1
    assert chain.seal_fresh() == 0
    assert list(chain.verify()) == []


@pytest.mark.parametrize(
    ("attack", "found"),
    [
        ("UPDATE audit_event SET actor_id = 99 WHERE subject_id = 2", "was changed"),
        ("DELETE FROM audit_event WHERE subject_id = 2", "are gone"),
        ("DELETE FROM audit_seal WHERE number = 1", "missing"),
        ("INSERT INTO audit_event SELECT id + 1, at, action, actor_kind, actor_id, actor_label, subject_type, "
         "subject_id, person_id, changes, changes_sealed FROM audit_event WHERE subject_id = 2", "events, but"),
    ],
)  # fmt: skip
def test_tampering_is_seen(app: Flask, attack: str, found: str) -> None:
    for n in range(4):
        record(subject_id=n)
        chain.seal_fresh()
    with tampering() as connection:
        connection.execute(text(attack))
    assert any(found in fault for fault in chain.verify())


def test_a_tail_cut_off_with_its_seals_is_seen_by_the_head_outside(app: Flask) -> None:
    record(subject_id=1)
    chain.seal_fresh()
    record(subject_id=2)
    chain.publish_head({})
    with tampering() as connection:
        connection.execute(text("DELETE FROM audit_event WHERE subject_id = 2"))
        connection.execute(text("DELETE FROM audit_seal WHERE number = 2"))
    assert any("written down outside" in fault for fault in chain.verify())


def test_the_log_shows_the_head_that_the_file_keeps(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    record()
    caplog.set_level("INFO", "app.audit.head")
    chain.publish_head({})
    (line,) = [RedactingFormatter("%(message)s").format(each) for each in caplog.records if "chain head" in each.msg]
    kept = (app.config["SETTINGS"].data_dir / "audit-heads.log").read_text().split()[-1]
    assert len(kept) == 64
    assert line.endswith(kept)


def test_the_command_says_so_and_exits_1(app: Flask) -> None:
    record()
    assert "whole" in app.test_cli_runner().invoke(args=["audit", "verify"]).output
    with tampering() as connection:
        connection.execute(text("DELETE FROM audit_event"))
    result = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert result.exit_code == 1
    assert "are gone" in result.output
