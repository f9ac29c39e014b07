"""`flask statements make` as it really runs, killed (-9) while it writes, and started again."""

from __future__ import annotations

import time
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.extensions import db, now, settings, writing
from app.gifts import services as gifts
from app.gifts.services import NewGift
from app.ledger.accounts import ensure_chart
from app.ledger.rj import RjLine
from app.letters.statements import runs
from app.letters.statements.models import Outcome, RunState, Statement, StatementItem, StatementRun
from tests.factories.organisation import make_organisation
from tests.factories.supporters import person
from tests.support.processes import FLASK, LONGEST, environment, flask, running

DONORS = runs.BATCH + 10  # more than one batch
MAKE = ("statements", "make", "--year", "2025")


def papers() -> int:
    return len(list((settings().data_dir / "statements").glob("[0-9a-f]*")))


def killed_at(papers_there: int, environ: dict[str, str]) -> None:
    """Start it, and kill it as soon as so many papers lie there."""
    with running(environ, *FLASK, *MAKE) as process:
        end = time.monotonic() + LONGEST
        while papers() < papers_there:
            assert time.monotonic() < end, process.said
            time.sleep(0.002)
        process.kill()


@pytest.mark.complete
@pytest.mark.databases("sqlite")
def test_killed_while_it_writes_and_started_again_everybody_has_one_first_statement(
    app: Flask, database_url: str
) -> None:
    make_organisation()
    people = [person(f"Piet Bakker{n}") for n in range(DONORS)]
    given = [
        NewGift(
            supporter_id=each, amount_cents=1_000 + n, gift_date=date(2025, 3, 1), method="bank_transfer",
            source="staff", rj_line=RjLine.INDIVIDUALS, via="bank",
        )
        for n, each in enumerate(people)
    ]  # fmt: skip
    with writing():
        ensure_chart()
        gifts.make(given, actor=SYSTEM, now=now())
    environ = environment(settings().data_dir, APP_ENV="test", DATABASE_URL=database_url, WORKER="no")
    db.session.remove()
    db.engine.dispose()
    for there in (1, 20, runs.BATCH - 1, runs.BATCH + 3):
        killed_at(there, environ)
        # What is noted as made lies there; what lies there and is not noted as made is made again.
        made = db.session.scalars(select(StatementItem.file).where(StatementItem.outcome == Outcome.MADE)).all()
        assert all((settings().data_dir / "statements" / str(name)).exists() for name in made)
        assert len(made) < DONORS
        db.session.rollback()
    done = flask(environ, *MAKE)
    assert done.returncode == 0, done.stderr
    assert f"{DONORS} statements made, 0 skipped, 0 failed." in done.stdout
    (run,) = db.session.scalars(select(StatementRun)).all()
    assert run.state is RunState.DONE
    items = db.session.scalars(select(StatementItem)).all()
    assert {item.supporter_id for item in items} == set(people)
    assert {(item.outcome, item.copy_of, item.replaces) for item in items} == {(Outcome.MADE, None, None)}
    assert len({item.file for item in items}) == len(items) == DONORS
    assert db.session.scalar(select(func.count()).select_from(Statement)) == DONORS
