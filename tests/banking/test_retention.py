"""Names in bank lines and bank files go once the fiscal term is over, and not a day before."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.banking import imports, retention, store
from app.banking.models import BankFile, BankLine, LineState
from app.base.actor import SYSTEM
from app.base.errors import NotFound
from app.extensions import db, writing
from app.ledger import checks
from tests.banking.files import Pay, camt
from tests.conftest import SettableClock
from tests.factories.organisation import make_organisation


def named() -> tuple[int, int]:
    """How many lines say who paid, and how many are found by the account."""
    db.session.rollback()
    counted = select(func.count(BankLine.party_sealed), func.count(BankLine.iban_index))
    return tuple(db.session.execute(counted).one())  # type: ignore[return-value]


@pytest.mark.parametrize("batch", [1, 500])
def test_who_paid_goes_after_seven_years(
    app: Flask, now: datetime, clock: SettableClock, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(retention, "_BATCH", batch)
    make_organisation()
    pays = [Pay(2500, "R1"), Pay(1250, "R2"), Pay(750, "R3")]
    imports.take(io.BytesIO(camt(pays)), "bank.xml", actor=SYSTEM, now=now)
    waits = db.session.scalars(select(BankLine.id).order_by(BankLine.id)).all()[0]
    with writing() as session:
        session.execute(update(BankLine).where(BankLine.id != waits).values(state=LineState.SUSPENSE))
        session.execute(update(BankLine).where(BankLine.id == waits).values(state=LineState.REVIEW))
    file = db.session.scalars(select(BankFile.sha256)).one()
    before = named()
    assert before[0] == 3
    clock.at(2033, 12, 31, 11)
    retention.forget_payers({})
    assert named() == before
    assert store.open_kept(file).read()
    clock.at(2034, 1, 1, 11)
    for _ in range(2):
        retention.forget_payers({})
        assert named()[0] == 1, "what nobody explained yet is left alone"
    with pytest.raises(NotFound):
        store.open_kept(file)
    assert [line.cents for line in db.session.scalars(select(BankLine).order_by(BankLine.id))] == [2500, 1250, 750]
    assert not any(outcome.problems for outcome in checks.run())
