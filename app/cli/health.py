"""/healthz: tells a proxy whether app, database and worker live. Cheap, public, without secrets."""

from __future__ import annotations

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db, now, readiness
from app.jobs.queries import count_given_up
from app.jobs.worker import is_alive

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """200 when pages can be served; 503 when the database is away, of another version, or one that must not be used.

    A late worker, or work that was given up, is told but stays 200: donors can still give, and nothing is lost.
    """
    from app.extensions import migrating

    answer = {"app": "ok", "database": "ok", "worker": "ok", "migrations": "ok"}
    status = 200
    try:
        there = set(db.session.execute(text("SELECT version_num FROM alembic_version")).scalars())
        if there != migrating.heads():
            answer["migrations"], status = "other version", 503
        elif readiness.unmet():
            answer["app"], status = "refuses this database", 503
        if not is_alive(now()):
            answer["worker"] = "late"
        if count_given_up():
            answer["jobs"] = "given up"
    except SQLAlchemyError:
        db.session.rollback()
        answer |= {"database": "unreachable", "worker": "unknown", "migrations": "unknown"}
        status = 503
    response = jsonify(answer)
    response.headers["Cache-Control"] = "no-store"
    return response, status


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
