"""The extensions the application stands on, made once and bound in create_app."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from flask import Flask, current_app
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from app.base.columns import NAMING
from app.base.dates import Clock, SystemClock
from config import Settings

__all__ = ["clock", "csrf", "db", "init_app", "login_manager", "now", "settings", "writing"]


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Model, disable_autonaming=True)
csrf = CSRFProtect()
login_manager = LoginManager()


def settings() -> Settings:
    """The settings of the running application."""
    return cast(Settings, current_app.config["SETTINGS"])


from app.extensions.transactions import writing  # noqa: E402  (needs db and settings)


def clock() -> Clock:
    """The clock of the running application; tests swap it."""
    return cast(Clock, current_app.extensions["clock"])


def now() -> datetime:
    """This instant by the application's clock (aware, UTC)."""
    return clock().now().astimezone(UTC)


def init_app(app: Flask, config: Settings, app_clock: Clock | None = None) -> None:
    from app.extensions import cookies, database, limits, migrate_later, once, readiness

    app.config["SETTINGS"] = config
    app.extensions["clock"] = app_clock or SystemClock()
    app.config["SQLALCHEMY_DATABASE_URI"] = config.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = database.engine_options(config)
    assert limits  # its table
    db.init_app(app)
    migrate_later.init_app(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    # There are no remember-me cookies here, and looking for one would open every visitor's session.
    app.after_request_funcs[None].remove(login_manager._update_remember_cookie)
    app.session_interface = cookies.Cookies()
    with app.app_context():
        database.prepare(db.engine)
    readiness.init_app(app)
    once.init_app(app)
