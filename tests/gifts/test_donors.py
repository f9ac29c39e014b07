from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.extensions import db, now, writing
from app.gifts.donors import Giver, find_or_create
from app.supporters.models import Supporter

ANNA = Giver(first_name="Anna", infix="", last_name="Bos", email="anna@example.org", language="nl", source="form")


def test_two_first_gifts_at_one_moment_are_of_one_supporter(app: Flask) -> None:
    made, asks = threading.Event(), threading.Event()

    def first() -> int:
        with app.app_context(), writing():
            (supporter_id,) = find_or_create([ANNA], actor=SYSTEM, now=now())
            made.set()
            asks.wait(0.5)  # on SQLite the other cannot even ask until this one is done
            return supporter_id

    def second() -> int:
        made.wait()
        with app.app_context(), writing():
            threading.Timer(0.2, asks.set).start()
            return find_or_create([ANNA], actor=SYSTEM, now=now())[0]

    with ThreadPoolExecutor(2) as pool:
        ids = {each.result() for each in (pool.submit(first), pool.submit(second))}
    assert len(ids) == 1
    assert db.session.execute(select(func.count()).select_from(Supporter)).scalar() == 1
