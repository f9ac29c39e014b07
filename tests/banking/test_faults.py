"""A bank file enters exactly once and whole: killed, on a full disk, with its month closed meanwhile."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

from app.banking import entering, entry_rows, imports
from app.banking.booking import waiting
from app.banking.match_models import BankMatch, BankRule, MatchKind
from app.banking.models import BankEntry, BankFile, BankLine, FileState
from app.banking.reconciliation import reconcile
from app.base.actor import SYSTEM
from app.extensions import db, transactions, writing
from app.gifts import services as gifts
from app.gifts.models import BANK_TRANSFER, Gift
from app.ledger import periods
from app.ledger import queries as ledger
from app.ledger.checks import run
from app.ledger.models import JournalEntry
from app.ledger.rj import RjLine
from app.supporters.models import Supporter
from app.vault.services import blind_index
from tests.banking.files import Pay, camt
from tests.factories.organisation import make_organisation
from tests.factories.supporters import person
from tests.support.killing import killed_at

KILLS, LINES = int(os.environ.get("BANK_KILLS", "10")), int(os.environ.get("BANK_LINES", "600"))
FULL = int(os.environ.get("BANK_FULL", "2"))  # times that the disk is full
IN_ONE = 10  # kills of one file
GIVER, SHOP, SOMEBODY = "NL44RABO0123456789", "NL02ABNA0123456789", "NL20INGB0001234567"


@pytest.fixture(autouse=True)
def rules(app: Flask, now: datetime) -> None:
    """Money of one account is a gift, money to another is none: both book by themselves."""
    make_organisation()
    supporter_id = person("Jan Jansen")
    with writing():
        for iban, kind, who in ((GIVER, MatchKind.GIFT, supporter_id), (SHOP, MatchKind.NOT_OURS, None)):
            index = blind_index(iban, entry_rows.IBAN_PURPOSE)
            incoming = kind is MatchKind.GIFT
            db.session.add(BankRule(iban_index=index, incoming=incoming, kind=kind, supporter_id=who, made_at=now))


def pays(count: int, first: int = 0, on: str = "2026-11-20") -> list[Pay]:
    """Gifts, payments to a shop, and money of which nobody knows what it is, in turns."""
    kinds = ((1, GIVER), (-1, SHOP), (1, SOMEBODY))
    return [
        Pay(sign * (1000 + n), f"R{n}", iban=iban, on=on)
        for n, (sign, iban) in zip(range(first, first + count), itertools.cycle(kinds), strict=False)
    ]


def take(content: bytes, now: datetime) -> imports.Imported:
    return imports.take(io.BytesIO(content), "bank.xml", actor=SYSTEM, now=now)


def counted(column: Any) -> int:
    return int(db.session.execute(select(func.count(column))).scalar_one())


def assert_once(entered: list[Pay]) -> None:
    """Everything is there once, explained where it can be, and the ledger says what the statements say."""
    gifts = sum(p.cents for p in entered if p.iban == GIVER)
    shop = sum(p.cents for p in entered if p.iban == SHOP)
    unknown = sum(p.cents for p in entered if p.iban == SOMEBODY)
    explained = sum(p.iban != SOMEBODY for p in entered)
    assert sorted(db.session.execute(select(BankLine.cents)).scalars()) == sorted(p.cents for p in entered)
    assert counted(BankEntry.id) == len(entered)
    assert (counted(BankMatch.id), counted(Gift.id)) == (explained, sum(p.iban == GIVER for p in entered))
    assert counted(JournalEntry.id) == len(entered) + explained
    balances = {code: b.cents for code, b in ledger.balances().items()}
    assert balances == {"1100": gifts + shop + unknown, "1190": -shop, "2900": -unknown, "8010": -gifts}
    assert reconcile().equal
    assert not any(outcome.problems for outcome in run())
    assert not db.session.execute(select(BankLine.id).where(~BankLine.looked)).all()
    assert set(db.session.execute(select(BankFile.state)).scalars()) == {FileState.DONE}


@pytest.mark.databases("sqlite")
@pytest.mark.timeout(120 + 4 * KILLS)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_killed_at_any_point_and_gone_on_with_a_file_enters_once(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`BANK_KILLS=200 BANK_LINES=50000` is the whole dose."""
    files = max(1, KILLS // IN_ONE)
    size, chance, entered = LINES // files, Random(11), []
    monkeypatch.setattr(entering, "BATCH", min(250, size // IN_ONE))
    opening = 100_000
    for number in range(files):
        some = pays(size, number * size)
        content = camt(some, statement=f"S{number}", opening=opening)
        opening += sum(pay.cents for pay in some)
        entered += some
        killed = sum(
            killed_at(chance.randint(1, 60), lambda content=content: take(content, now)) for _ in range(IN_ONE)
        )
        assert killed, "no kill came before the end"
        take(content, now)
    assert_once(entered)


@pytest.mark.databases("sqlite")
def test_on_a_full_disk_it_says_so_keeps_the_file_and_goes_on(app: Flask, now: datetime, tmp_path: Path) -> None:
    """`BANK_FULL` is how often; each time there is room for some more."""
    some, chance = pays(1000 * FULL), Random(12)
    path = tmp_path / "november.xml"
    path.write_bytes(camt(some))
    command = ["bank", "import", "--json", str(path)]
    there = 0
    for _ in range(FULL):
        with disk_with_room(chance.randint(100, 400)):
            said = app.test_cli_runner().invoke(args=command)
        [error] = json.loads(said.stdout)["errors"]
        assert said.exit_code == 1
        assert "november.xml" in error
        assert "full" in error
        row = db.session.execute(select(BankFile)).scalar_one()
        assert row.state is FileState.ENTERING
        before, there = there, counted(BankLine.id)
        assert before <= there < len(some)
        assert counted(JournalEntry.id) == there + counted(BankMatch.id)
    assert there
    again = app.test_cli_runner().invoke(args=command)
    told = json.loads(again.stdout)
    assert (again.exit_code, told["new"], told["already_known"]) == (0, len(some) - there, there)
    assert_once(some)


@contextlib.contextmanager
def disk_with_room(pages: int) -> Iterator[None]:
    """The database may grow by so many pages, and then says that the disk is full."""
    most = db.session.connection().exec_driver_sql("PRAGMA page_count").scalar_one() + pages
    db.session.rollback()

    def full(connection: Any) -> None:
        connection.connection.dbapi_connection.execute(f"PRAGMA max_page_count = {most}")

    event.listen(db.engine, "begin", full)
    try:
        yield
    finally:
        event.remove(db.engine, "begin", full)
        db.session.remove()
        db.engine.dispose()


def test_a_month_closed_while_its_file_enters_parks_the_rest(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "BATCH", 6)
    some = pays(18, on="2026-10-20")
    rests = itertools.count()

    def close_at_the_second(_: float) -> None:
        if next(rests) == 1:
            with writing():
                periods.close(date(2026, 10, 1), actor=SYSTEM, now=now)

    monkeypatch.setattr(transactions, "time", SimpleNamespace(monotonic=time.monotonic, sleep=close_at_the_second))
    done = take(camt(some, on="2026-10-20"), now)
    assert (done.new, done.matched, done.waiting) == (18, 4, 12)
    assert waiting() == (12, sum(pay.cents for pay in some[6:]))
    assert counted(JournalEntry.id) == 6 + 4, "nothing of what waits is booked, not even in part"
    assert reconcile().unexplained == 0
    with writing():
        periods.reopen(date(2026, 10, 1), reason="test", actor=SYSTEM, now=now)
    take(camt(pays(3, first=18), statement="S2", opening=100_000 + sum(pay.cents for pay in some)), now)
    assert_once([*some, *pays(3, first=18)])


@pytest.mark.parametrize("change", ["a gift by hand", "erased"])
def test_what_changes_between_deciding_and_writing_is_looked_at_again(
    now: datetime, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    giver = db.session.execute(select(Supporter.id)).scalar_one()
    some = pays(2)
    rests = itertools.count()

    def meanwhile(_: float) -> None:
        if next(rests):
            return
        with writing():
            if change == "erased":
                db.session.execute(update(Supporter).values(anonymised_at=now))
            else:
                gifts.make([
                    gifts.NewGift(
                        supporter_id=giver, amount_cents=some[0].cents, gift_date=date(2026, 11, 19), source="staff",
                        method=BANK_TRANSFER, rj_line=RjLine.INDIVIDUALS, via="bank",
                    )
                ], actor=SYSTEM, now=now)  # fmt: skip

    monkeypatch.setattr(transactions, "time", SimpleNamespace(monotonic=time.monotonic, sleep=meanwhile))
    done = take(camt(some), now)
    assert (done.new, done.matched, done.in_review) == (2, 1, 1)
    assert counted(Gift.id) == (change != "erased")
    assert not db.session.execute(select(BankLine.id).where(~BankLine.looked)).all()
