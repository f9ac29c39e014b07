"""The bank of the demo: a payout to the cent, a statement of which some explains itself and some waits."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from app.banking.models import BankFile, BankLine, FileState, LineState
from app.banking.payouts import queries
from app.banking.payouts.models import Payout
from app.demo import bank
from app.extensions import db, now
from app.ledger import queries as ledger
from app.ledger.accounts import CLEARING
from app.ledger.checks import run
from tests.factories.organisation import make_organisation


def test_the_payout_comes_to_nothing_on_clearing_and_the_rest_waits(app: Flask) -> None:
    make_organisation()
    bank.load(now=now())
    db.session.rollback()
    assert db.session.scalars(select(BankFile.state)).one() is FileState.DONE
    assert sorted(db.session.scalars(select(BankLine.state))) == [LineState.EXPLAINED, *[LineState.REVIEW] * 4]
    assert queries.whole(db.session.scalars(select(Payout)).one()).troubles == []
    assert not ledger.balances()[CLEARING["demo"]].cents
    assert not [problem for outcome in run() for problem in outcome.problems]
