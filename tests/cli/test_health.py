"""/healthz tells whether app, database and worker live."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from app.extensions import now, writing
from app.jobs.worker import beat


def test_it_tells_of_a_late_worker_and_stays_well(app: Flask) -> None:
    client = app.test_client()
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json == {"app": "ok", "database": "ok", "worker": "late", "migrations": "ok"}
    assert response.headers["Cache-Control"] == "no-store"
    beat("test", now())
    assert client.get("/healthz").json == {"app": "ok", "database": "ok", "worker": "ok", "migrations": "ok"}


def test_a_worker_that_fell_silent_is_late(app: Flask, clock: object) -> None:
    beat("test", now())
    clock.forward(seconds=61)  # type: ignore[attr-defined]
    assert (app.test_client().get("/healthz").json or {})["worker"] == "late"


def test_a_database_of_another_version_is_unwell(app: Flask) -> None:
    with writing() as session:
        session.execute(text("DELETE FROM alembic_version"))
        session.execute(text("INSERT INTO alembic_version VALUES ('ffffffffffff')"))
    response = app.test_client().get("/healthz")
    assert response.status_code == 503
    assert (response.json or {})["migrations"] == "other version"


def test_a_database_that_is_away_is_unwell(app: Flask) -> None:
    with writing() as session:
        session.execute(text("DROP TABLE alembic_version"))
    response = app.test_client().get("/healthz")
    assert response.status_code == 503
    assert response.json == {"app": "ok", "database": "unreachable", "worker": "unknown", "migrations": "unknown"}
