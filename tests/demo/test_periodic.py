"""The demo's periodic gifts: one runs and is kept, one waits for the donor's signature."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from app.base.dates import local_date
from app.demo import periodic
from app.extensions import db, now, writing
from app.gifts.periodic import allocation, queries
from app.gifts.periodic.models import Agreement, AgreementState
from app.ledger.accounts import ensure_chart
from app.tasks.models import Task
from tests.factories.organisation import make_organisation


def test_one_runs_and_one_that_the_donor_began_waits_for_its_form(app: Flask) -> None:
    make_organisation()
    with writing():
        ensure_chart()
        periodic.load(now=now())
    ((waiting, _name, _since),) = queries.waiting()
    assert waiting.donor_began
    assert waiting.state is AgreementState.SENT
    assert db.session.scalars(select(Task)).one().subject_id == waiting.id
    runs = select(Agreement).where(Agreement.state == AgreementState.ACTIVE)
    assert db.session.scalars(runs).one().first_year == local_date(now()).year - 1
    assert allocation.behind(local_date(now()).year) == []
