"""What recurring gifts will bring, and how much depends on few givers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import update

from app.base.actor import SYSTEM
from app.base.ids import new_id
from app.base.money import Money
from app.direct_debit.models import Collection
from app.direct_debit.states import CollectionState
from app.extensions import db, now, writing
from app.finance.periods import fiscal_year, span_of
from app.finance.reports.concentration import concentration
from app.finance.reports.recurring import recurring
from app.finance.reports.shape import Asked, Report
from app.gifts import entering
from app.gifts.recurring import changing
from app.gifts.recurring.states import EndReason, Frequency
from app.grants.awards import services as awards
from tests.conftest import SettableClock
from tests.factories import debits
from tests.factories import grants as make
from tests.factories.recurring import commitment
from tests.factories.supporters import person
from tests.support.client import Client


def asked(names: bool = True) -> Asked:
    return Asked(span_of(fiscal_year(2026, 1), ""), "2026", "en", names=names)


def made(report: Callable[[Asked], Report], names: bool = True) -> Report:
    with force_locale("en"):
        return report(asked(names))


def test_each_instalment_of_twelve_months_counts_once(app: Flask) -> None:
    commitment(1500, day=31)
    commitment(10_000, frequency=Frequency.YEARLY, day=5, email="b@example.nl")
    commitment(3_000, frequency=Frequency.QUARTERLY, day=5, email="c@example.nl")
    ended, paused = commitment(700, email="d@example.nl"), commitment(2_000, day=10, email="e@example.nl")
    with writing():
        changing.end(ended, EndReason.DONOR, actor=SYSTEM, now=now())
        changing.pause(paused, date(2027, 2, 11), actor=SYSTEM, now=now())
    by_month, _by_way = made(recurring).tables
    months = [row.cells for row in by_month.rows]
    assert [cells[0] for cells in months[:3]] == ["December 2026", "January 2027", "February 2027"]
    assert months[0][1:3] == (1, 1_500)
    assert months[2][1:3] == (2, 4_500)  # with the quarter's; the pause ends after the tenth
    assert months[3][1:3] == (2, 3_500)  # goes on
    assert months[-1][1:] == (12 + 1 + 4 + 9, 12 * 1_500 + 10_000 + 4 * 3_000 + 9 * 2_000, months[-1][2])
    assert made(recurring).missing  # nothing was collected yet, so expected is what is planned


def test_expected_follows_what_succeeds_by_each_way(
    app: Flask, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = debits.due(clock, (3_000, 1_000))
    with writing() as session:
        for row_id, state in zip(ids, (CollectionState.COLLECTED, CollectionState.RETURNED), strict=True):
            session.execute(update(Collection).where(Collection.id == row_id).values(state=state))
    clock.at(2026, 12, 28, 11)
    db.session.rollback()
    assert made(recurring).tables[0].rows[-1].cells[2:] == (12 * 4_000, 12 * 4_000), "two say nothing yet"
    monkeypatch.setattr("app.finance.reports.recurring.LEAST", 2)
    report = made(recurring)
    total = report.tables[0].rows[-1].cells
    assert total[2:] == (12 * 4_000, 12 * 3_000)
    assert report.tables[1].rows[0].cells[-1] == 0.75
    assert not report.missing
    commitment(500, day=15, email="provider@example.nl")
    by_month, by_way = made(recurring).tables
    ways = [row.cells[2] for row in by_way.rows]
    assert len(ways) == 2
    assert list(by_month.rows[-1].cells[2:4]) == ways, "what the chart by way shows stands in the files too"


def test_the_largest_are_found_whoever_they_are(app: Flask, sign_in: Callable[[str], Client]) -> None:
    donors = [person(f"Anna Nummer {n}", email=f"a{n}@example.nl") for n in range(12)]
    with writing():
        given = [
            entering.Entry(
                key=new_id(), supporter_id=who, amount=Money((n + 1) * 100), given_on=date(2026, 5, 1), method="cash"
            )
            for n, who in enumerate(donors)
        ]
        entering.enter(given, actor=SYSTEM, now=now())
        grant_id = make.grant(now(), funder_id=make.funder(now(), "Fonds Kind"))
        awards.confirm([grant_id], actor=SYSTEM, now=now())
    report = made(concentration)
    shares, givers, origins = report.tables
    assert givers.rows[0].cells[0] == "Fonds Kind"
    assert [row.cells[0] for row in givers.rows[1:3]] == ["Anna Nummer 11", "Anna Nummer 10"]
    grant, all_income = givers.rows[0].cells[1], origins.rows[-1].cells[1]
    assert all_income == grant + sum((n + 1) * 100 for n in range(12))
    assert shares.rows[1].cells[1] == grant + 1_200 + 1_100 + 1_000 + 900
    assert shares.rows[0].cells[2] == grant / all_income
    hidden = made(concentration, names=False).tables[1].rows
    assert [row.cells[0] for row in hidden[:2]] == ["Fonds Kind", "Donor, number 2"]
    assert "Fonds Kind" in sign_in("viewer").get("/finance/reports/concentration").text
