from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.base.errors import NotFound
from app.extensions import db, now, writing
from app.links import services
from app.links.models import Link
from tests.conftest import SettableClock

HOUR = timedelta(hours=1)


def make(**kwargs: object) -> str:
    with writing():
        return services.issue("test.open", 7, now=now(), **{"lifetime": HOUR, **kwargs})  # type: ignore[arg-type]


def test_looking_never_uses_up_and_consuming_does(app: Flask) -> None:
    token = make(data={"email": "a@example.org"})
    for _ in range(3):
        view = services.look("test.open", token, now=now())
    assert (view.subject_id, view.data) == (7, {"email": "a@example.org"})
    with writing():
        services.consume("test.open", token, now=now())
    with writing(), pytest.raises(NotFound):
        services.consume("test.open", token, now=now())


def test_only_the_hash_is_stored_and_the_data_is_sealed(app: Flask) -> None:
    token = make(data={"email": "canary@example.org"})
    row = db.session.execute(select(Link.__table__)).one()
    assert token not in repr(row)
    assert b"canary" not in row.data_sealed


def test_expired_revoked_foreign_and_made_up_links_look_the_same(app: Flask, clock: SettableClock) -> None:
    expired = make()
    clock.forward(hours=1)
    revoked = make()
    with writing():
        services.revoke("test.open", 7, now=now())
    other = make()
    cases = [
        ("test.open", expired),
        ("test.open", revoked),
        ("test.other", other),
        ("test.open", "x" * 27),
        ("test.open", "é"),
    ]
    messages = set()
    for purpose, token in cases:
        with pytest.raises(NotFound) as caught:
            services.look(purpose, token, now=now())
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_a_reusable_link_can_be_used_again_until_revoked(app: Flask) -> None:
    token = make(single_use=False, lifetime=None)
    for _ in range(2):
        with writing():
            services.consume("test.open", token, now=now())
    with writing():
        services.revoke("test.open", 7, now=now())
    with pytest.raises(NotFound):
        services.look("test.open", token, now=now())


def test_of_many_at_once_exactly_one_consumes(app: Flask) -> None:
    token = make()
    won: list[int] = []

    def use() -> None:
        with app.app_context():
            try:
                with writing():
                    services.consume("test.open", token, now=now())
                won.append(1)
            except NotFound:
                pass

    threads = [threading.Thread(target=use) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_useless_links_are_forgotten_after_a_month(app: Flask, clock: SettableClock) -> None:
    make()
    lasting = make(lifetime=None, single_use=False)
    clock.forward(days=32)
    services.forget({})
    assert services.look("test.open", lasting, now=now()).subject_id == 7
    assert len(db.session.execute(select(Link)).all()) == 1
