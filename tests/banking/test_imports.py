"""A bank file enters exactly once: again, overlapping, in two formats, broken off, or not at all."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.banking import imports, store
from app.banking.advice import advised
from app.banking.differences import off_of
from app.banking.identity import Told, same
from app.banking.imports import Imported
from app.banking.models import FILE_MOVES, BankEntry, BankFile, BankLine, BankStatement, FileState
from app.banking.reconciliation import reconcile
from app.base.actor import SYSTEM
from app.extensions import db
from app.organisation.models import BankAccount
from app.vault.services import unseal
from tests.banking.files import OWN, Pay, batch_details, camt, euros, mt940
from tests.factories.organisation import make_organisation
from tests.support import processes

pytestmark = pytest.mark.usefixtures("organisation")


@pytest.fixture
def organisation(app: Flask) -> int:
    return make_organisation()


def take(content: bytes, now: datetime, name: str = "bank.xml", *, add: bool = False) -> Imported:
    return imports.take(io.BytesIO(content), name, actor=SYSTEM, now=now, add_accounts=add)


def lines() -> list[int]:
    return sorted(db.session.execute(select(BankLine.cents)).scalars())


THREE = [Pay(2500, "R1"), Pay(2500, "R2", name="K. de Boer"), Pay(-1250, "R3")]


def test_a_file_enters_once(now: datetime) -> None:
    first = take(camt(THREE), now)
    assert (first.new, first.already_known) == (3, 0)
    again = take(camt(THREE), now)
    assert (again.new, again.already_known) == (0, 3)
    other = take(camt(THREE, statement="S2"), now)  # the same lines in another file
    assert (other.new, other.already_known) == (0, 3)
    assert lines() == [-1250, 2500, 2500]


def test_overlapping_statements_bring_what_is_new_alone(now: datetime) -> None:
    take(camt(THREE[:2]), now)
    more = take(camt([*THREE, Pay(2500, "R4")], statement="S2"), now)
    assert (more.new, more.already_known) == (2, 2)
    assert lines() == [-1250, 2500, 2500, 2500]


def test_without_references_equal_lines_of_a_day_are_counted(now: datetime) -> None:
    two = [Pay(1000), Pay(1000)]
    assert take(camt(two), now).new == 2
    assert take(camt([*two, Pay(1000)], statement="S2"), now).new == 1
    assert lines() == [1000, 1000, 1000]


MT_LINES = [
    ":61:2611201120C25,00NTRFNONREF//900001",
    ":86:/EREF/NOTPROVIDED//CNTP/NL44RABO0123456789/RABONL2U/J. Jansen///REMI/USTD//x/",
    ":61:2611201120C25,00NTRFNONREF//900002",
    ":86:/EREF/NOTPROVIDED//CNTP/NL44RABO0123456789/RABONL2U/K. de Boer///REMI/USTD//y/",
    ":61:2611201120D12,50NTRFNONREF//900003",
]


@pytest.mark.parametrize("camt_first", [True, False])
def test_one_day_in_two_formats_counts_once(now: datetime, camt_first: bool) -> None:
    files = [camt(THREE), mt940(MT_LINES, closing="C261120EUR1037,50")]
    first, second = (take(content, now) for content in (files if camt_first else reversed(files)))
    assert (first.new, second.new, second.already_known) == (3, 0, 3)
    assert take(camt(THREE, statement="later"), now).new == 0
    assert lines() == [-1250, 2500, 2500]


@pytest.mark.parametrize("camt_first", [True, False])
def test_a_format_that_tells_the_value_day_only_counts_once_too(now: datetime, camt_first: bool) -> None:
    """MT940 of Rabobank and Triodos; booked on a Saturday, with value on the Monday."""
    monday = camt([Pay(2500, "R1", on="2026-11-21"), Pay(1000, "R2", on="2026-11-21")]).replace(
        b"<ValDt><Dt>2026-11-21", b"<ValDt><Dt>2026-11-23"
    )
    mt = [
        ":61:261123C25,00N541NONREF", "NL44RABO0123456789", ":86:/ORDP//NAME/J. Jansen/REMI/x",
        ":61:261123C10,00N541NONREF", "NL20INGB0001234567", ":86:/ORDP//NAME/Iemand anders/REMI/x",
    ]  # fmt: skip
    files = [monday, mt940(mt, closing="C261123EUR1035,00")]
    taken = [take(content, now) for content in (files if camt_first else reversed(files))]
    assert (taken[0].new, taken[1].new, taken[1].already_known) == (2, 1, 1)
    assert lines() == [1000, 1000, 2500], "another payer is another payment"


def test_in_two_formats_another_payer_is_another_payment(now: datetime) -> None:
    take(camt([Pay(2500, "R1", iban="NL20INGB0001234567")]), now)
    other = take(mt940(MT_LINES[:2], closing="C261120EUR1025,00"), now)
    assert other.new == 1


def test_a_batch_told_as_one_sum_and_then_in_parts(now: datetime) -> None:
    take(camt([Pay(3000, "B", details=batch_details())]), now)
    assert lines() == [3000]
    parts = take(camt([Pay(3000, "B", details=batch_details(1000, 2000))], statement="S2"), now)
    assert (parts.new, parts.already_known) == (0, 2)
    assert lines() == [1000, 2000]
    take(camt([Pay(3000, "B", details=batch_details())], statement="S3"), now)
    assert lines() == [1000, 2000], "what was told in parts stays in parts"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (camt(THREE, closing=1), "does not add up"),
        (camt(THREE)[:-40], "cut off"),
        (camt(THREE, own="NL20INGB0001234567"), "not among the bank accounts"),
        (camt(THREE, currency="USD"), "euros"),
        (camt([Pay(1, on="2199-01-01")]), "cannot be right"),
        (b"just words", "not a bank file"),
    ],
)
def test_nothing_of_a_wrong_file_enters_and_it_is_kept(now: datetime, content: bytes, said: str) -> None:
    done = take(content, now)
    assert done.checked.error is not None
    assert said in str(done.checked.error)
    row = db.session.execute(select(BankFile)).scalar_one()
    assert row.state is FileState.REFUSED
    assert advised(imports.kept_error(*row.errors[0])) == advised(done.checked.error), "the page says what was said"
    with store.open_kept(row.sha256) as kept:
        assert kept.read() == content
    assert lines() == []
    assert db.session.execute(select(func.count()).select_from(BankStatement)).scalar_one() == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (camt(THREE, closing=1), "regel 1: Dit afschrift klopt niet: beginsaldo en regels zijn samen € 1."),
        (camt([Pay(1)]).replace(b">0.01<", b">1e3<"), "regel 1: “1e3” is geen bedrag. Download het opnieuw"),
        (camt(THREE).replace(f"<IBAN>{OWN}</IBAN>".encode(), b""), "van welke rekening het is. Download het opnieuw"),
        (camt(THREE).replace(b"CLBD", b"ITBD"), "geen eindsaldo. Download het opnieuw"),
        (camt(THREE, currency="USD"), "in euro’s bij. Laat die rekening over aan het boekhoudpakket."),
        (mt940([":61:261120C1,0"]), "regel 5: “261120C1,0” is geen regel van een afschrift. Download het opnieuw"),
        (b"", "bank.xml: Dit bestand is leeg. Download het opnieuw"),
    ],
)
def test_what_is_wrong_names_the_file_the_place_and_what_to_do(
    app: Flask, tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "bank.xml"
    path.write_bytes(content)
    [error] = json.loads(app.test_cli_runner().invoke(args=["bank", "import", "--json", str(path)]).output)["errors"]
    assert error.startswith("bank.xml")
    assert said in error.replace("\xa0", " ")


def test_a_refused_file_may_come_again_once_its_account_is_there(now: datetime) -> None:
    content = mt940([":61:2611201120C1,NTRFNONREF"], account="123456789", closing="C261120EUR1001,00")
    assert take(content, now).checked.error is not None
    done = take(content, now, add=True)
    assert (done.checked.error, done.new) == (None, 1)
    added = db.session.execute(select(BankAccount).where(BankAccount.iban == "123456789")).scalar_one()
    assert not added.active, "no donor is shown an account that nobody looked at"


@pytest.mark.parametrize("account", ["9" * 35, "NL91ABNA0417164300" * 200, "<b>1</b>", "\u0661\u0662\u0663"])
def test_what_is_no_number_of_an_account_is_taken_up_nowhere(now: datetime, account: str) -> None:
    told = account.replace("<", "&lt;")
    done = take(camt([Pay(1)], own=told), now, add=True)
    assert done.checked.error is not None
    assert "which account" in done.checked.error.message
    assert db.session.execute(select(func.count()).select_from(BankAccount)).scalar() == 1


def test_who_paid_is_sealed(now: datetime, app: Flask) -> None:
    take(camt([Pay(2500, name="Canarie Zichtbaar", iban="NL20INGB0001234567")]), now)
    row = db.session.execute(select(BankLine)).scalar_one()
    assert row.party_sealed is not None
    assert "Canarie Zichtbaar" in unseal(row.party_sealed, f"bank_line:{row.id}")
    db.session.rollback()
    for path in app.config["SETTINGS"].data_dir.rglob("*"):
        if path.is_file():
            assert b"Canarie" not in path.read_bytes(), path.name


@pytest.mark.parametrize("before", FileState)
@pytest.mark.parametrize("after", FileState)
def test_state_pairs_of_files(before: FileState, after: FileState) -> None:
    S = FileState
    may = {(S.RECEIVED, S.ENTERING), (S.RECEIVED, S.REFUSED), (S.ENTERING, S.DONE), (S.REFUSED, S.ENTERING)}
    assert FILE_MOVES.allows(before, after) is ((before, after) in may)


def test_the_most_telling_is_recognised_first() -> None:
    ours, theirs = (Told(*each, date(2026, 11, 20), None) for each in ((1, "", "E1", b"a"), (2, "R9", "", b"b")))
    assert same("R9", "", None, [ours, theirs]) is theirs
    assert same("", "E1", None, [ours, theirs]) is ours
    assert same("", "", b"c", [ours, theirs]) is None


def test_a_full_disk_leaves_nothing_half(now: datetime, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        take(camt(THREE), now)
    monkeypatch.undo()
    assert list(app.config["SETTINGS"].data_dir.glob("bank-files/*")) == []
    assert take(camt(THREE), now).new == 3


@pytest.mark.complete
@pytest.mark.databases("sqlite")
def test_killed_at_any_point_a_file_is_entered_whole(tmp_path: Path) -> None:
    environ = processes.environment(tmp_path / "var", WORKER="no")
    for words in (("db", "upgrade"), ("demo", "load", "--supporters", "1")):
        assert processes.flask(environ, *words).returncode == 0
    pays = [Pay(100 + i % 7, f"R{i}") for i in range(1500)]
    path = tmp_path / "large.xml"
    path.write_bytes(camt(pays))
    command = [*processes.FLASK, "bank", "import", "--add-accounts", "--json", str(path)]
    chance = Random(11)
    for _ in range(3):
        running = subprocess.Popen(command, env=environ, cwd=processes.ROOT, stdout=subprocess.DEVNULL)  # noqa: S603
        time.sleep(1.0 + chance.random() * 2.5)
        running.send_signal(signal.SIGKILL)
        running.wait()
    done = processes.flask(environ, "bank", "import", "--add-accounts", "--json", str(path))
    seen = json.loads(done.stdout)
    assert (done.returncode, seen["errors"], seen["transactions"]) == (0, [], 1500)
    with sqlite3.connect(tmp_path / "var" / "draagvlak.db") as connection:
        mine = "SELECT e.id FROM bank_entry e JOIN bank_statement s ON s.id = e.statement_id WHERE s.reference = 'S1'"
        lines = f"SELECT count(*), sum(cents) FROM bank_line WHERE entry_id IN ({mine})"  # noqa: S608
        counted = connection.execute(lines).fetchone()
        entries = connection.execute(f"SELECT count(*) FROM ({mine})").fetchone()  # noqa: S608
        told = f"SELECT id FROM journal_entry WHERE source_type = 'bank_entry' AND source_id IN ({mine})"  # noqa: S608
        lines = f"SELECT count(*), sum(cents) FROM journal_line WHERE cents > 0 AND entry_id IN ({told})"  # noqa: S608
        booked = connection.execute(lines).fetchone()
    assert counted == (1500, sum(pay.cents for pay in pays))
    assert entries == (1500,)
    assert booked == counted, "each is in the ledger once"


def test_an_entry_equals_its_lines(now: datetime) -> None:
    take(camt([Pay(3000, "B", details=batch_details(1000, 2000)), Pay(-5, "C")]), now)
    sums = select(BankEntry.cents, func.sum(BankLine.cents)).join(BankLine).group_by(BankEntry.id, BankEntry.cents)
    assert all(entry == total for entry, total in db.session.execute(sums))


def test_the_command_tells_of_each_file_and_goes_on_after_a_wrong_one(app: Flask, tmp_path: Path) -> None:
    wrong, good = tmp_path / "wrong.xml", tmp_path / "good.xml"
    wrong.write_bytes(camt([Pay(2500, "R1")], closing=1))
    good.write_bytes(camt([Pay(2500, "R1"), Pay(-700, "R2")]))
    missing = tmp_path / "missing.xml"
    result = app.test_cli_runner().invoke(args=["bank", "import", "--json", str(wrong), str(missing), str(good)])
    told = [json.loads(line) for line in result.output.splitlines()]
    assert result.exit_code == 1
    needed = {
        "file", "format", "accounts", "statements", "entries", "transactions", "new", "already_known", "matched",
        "in_review", "balances_ok", "errors",
    }  # fmt: skip
    assert all(needed <= set(each) for each in told)
    assert [(len(each["errors"]), each["new"], each["balances_ok"]) for each in told] == [
        (1, 0, False), (1, 0, False), (0, 2, True)
    ]  # fmt: skip
    assert "wrong.xml" in told[0]["errors"][0]
    assert (told[2]["format"], told[2]["accounts"], told[2]["statements"]) == ("camt.053", [OWN], 1)
    assert (told[2]["entries"], told[2]["transactions"], told[2]["already_known"]) == (2, 2, 0)
    assert told[2]["matched"] + told[2]["in_review"] == 2
    again = app.test_cli_runner().invoke(args=["bank", "import", "--json", str(good)])
    told_again = json.loads(again.output)
    assert (again.exit_code, told_again["new"], told_again["already_known"]) == (0, 0, 2)


def _page(
    number: int, of: int, cents: int, balances: tuple[tuple[str, int], ...], *, of_message: bool = False
) -> bytes:
    """A page of a statement in a file of its own, with these balances alone."""
    whole = camt([Pay(cents, f"R{number}")]).decode()
    told = whole[whole.index("<Bal>") : whole.index("<Ntry>")]
    one = re.findall("<Bal>.*?</Bal>", told)[0].replace("1000.00", "{}")
    page = f"<PgNb>{number}</PgNb><LastPgInd>{'true' if number == of else 'false'}</LastPgInd>"
    said = "".join(one.replace("OPBD", kind).format(euros(amount)) for kind, amount in balances)
    place = ("</GrpHdr>", f"<MsgPgntn>{page}</MsgPgntn></GrpHdr>") if of_message else (
        "<Acct>", f"<StmtPgntn>{page}</StmtPgntn><Acct>"
    )  # fmt: skip
    return whole.replace(told, said).replace(*place).encode()


@pytest.mark.parametrize("of_message", [True, False])
@pytest.mark.parametrize(
    ("balances", "sure"),
    [
        (((("OPBD", 0), ("ITBD", 500)), (("ITBD", 500), ("ITBD", 700)), (("ITBD", 700), ("CLBD", 800))), True),
        (((("OPBD", 0), ("ITBD", 500)), (("ITBD", 500), ("ITBD", 700)), (("CLBD", 800),)), False),
        (((("OPBD", 0), ("CLBD", 800)),) * 3, False),
    ],
)  # fmt: skip
def test_pages_of_a_statement_in_files_of_their_own(
    now: datetime, balances: tuple[tuple[tuple[str, int], ...], ...], sure: bool, of_message: bool
) -> None:
    pages = [
        _page(number, 3, cents, balances[number - 1], of_message=of_message)
        for number, cents in ((1, 500), (2, 200), (3, 100))
    ]
    taken = [take(page, now) for page in pages]
    assert [(each.checked.error, each.new) for each in taken] == [(None, 1)] * 3
    assert any(each.checked.warnings for each in taken) is not sure
    assert lines() == [100, 200, 500]
    [account] = reconcile().accounts
    assert (account.statement, account.before, account.off) == (800, 0, 0)


def test_a_page_that_is_not_there_is_seen(app: Flask, now: datetime, tmp_path: Path) -> None:
    take(_page(1, 3, 500, (("OPBD", 0),)), now)
    (tmp_path / "3.xml").write_bytes(_page(3, 3, 100, (("CLBD", 800),)))
    told = app.test_cli_runner().invoke(args=["bank", "import", "--json", str(tmp_path / "3.xml")])
    assert "2,00" in json.loads(told.output)["warnings"][-1]
    [account] = reconcile().accounts
    assert account.off == 200
    take(_page(2, 3, 200, ()), now)
    assert off_of(db.session.execute(select(func.max(BankFile.id))).scalar_one()) == []


def _numbered(number: str, cents: int, opening: int, marks: str = "FF", end: str = "-", on: int = 20) -> bytes:
    told, closing = (euros(each).replace(".", ",") for each in (opening, opening + cents))
    line = f":61:2611{on}11{on}{'C' if cents > 0 else 'D'}{euros(cents).replace('.', ',')}NTRFNONREF"
    made = mt940([line], opening=f"C2611{on}EUR{told}", closing=f"C2611{on}EUR{closing}", end=end)
    begins, ends = marks
    return made.replace(b":60F", f":60{begins}".encode()).replace(b":62F", f":62{ends}".encode()).replace(
        b":28C:1", f":28C:{number}".encode())  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_numbered("7/1", 500, 0, "FM"), "goes on on another page"),
        (_numbered("7/1", 500, 0, "FM") + _numbered("8/1", 500, 900), "goes on on another page"),
        (_numbered("7/2", 500, 0, "MF"), "begins on another page"),
        (_numbered("7/1", 500, 0, "FM") + _numbered("7/2", 500, 500, "MF"), ""),
        (_numbered("7", 500, 0) + _numbered("8", 500, 500, end=""), "mark that ends a statement"),
        (b"{1:F01RABONL2UXXXX}{4:\r\n" + _numbered("7", 500, 0, end=""), "mark that ends a statement"),
        (_numbered("7", 500, 0, end="") + _numbered("8", 500, 500, end=""), ""),
        (_numbered("1", 500, 0) + _numbered("2", 500, 500) + _numbered("4", 500, 1000), "skip one"),
        (_numbered("1", 500, 0) + _numbered("2", 500, 500, on=21) + _numbered("5", 500, 1000, on=24), ""),
    ],
)  # fmt: skip
def test_a_file_that_may_be_cut_between_statements_says_so(now: datetime, content: bytes, said: str) -> None:
    checked = take(content, now).checked
    assert checked.error is None
    assert [said in each for _, each in checked.warnings] == ([True] if said else [])


def _together(*files: bytes) -> bytes:
    """The statements of these CAMT files in one."""
    told = [content.decode() for content in files]
    inside = "".join(each[each.index("<Stmt>") : each.index("</BkToCstmrStmt>")] for each in told)
    return (told[0][: told[0].index("<Stmt>")] + inside + told[0][told[0].index("</BkToCstmrStmt>") :]).encode()


NAMELESS = [Pay(1000), Pay(1000), Pay(-300)]


@pytest.mark.parametrize("pays", [NAMELESS, THREE, [Pay(1000), Pay(-1000)]])
@pytest.mark.parametrize("kind", ["camt", "mt940"])
def test_a_statement_that_is_twice_in_one_file_enters_once(now: datetime, pays: list[Pay], kind: str) -> None:
    total = sum(pay.cents for pay in pays)
    told = [f":61:2611201120{'C' if p.cents > 0 else 'D'}{euros(p.cents).replace('.', ',')}NTRFNONREF" for p in pays]
    once = (
        camt(pays) if kind == "camt" else mt940(told, closing=f"C261120EUR{euros(100_000 + total).replace('.', ',')}")
    )
    done = take(_together(once, once) if kind == "camt" else once + once, now)
    assert (done.checked.error, done.new, done.already_known) == (None, len(pays), len(pays))
    assert lines() == sorted(pay.cents for pay in pays)


@pytest.mark.parametrize("month_first", [True, False])
def test_days_and_their_month_in_one_file_count_once(now: datetime, month_first: bool) -> None:
    pays = [Pay(1000, on=f"2026-11-{day}") for day in (16, 16, 17, 18)]
    month = camt(pays, on="2026-11-18")
    balance, days = 100_000, []
    for day, mine in ((16, pays[:2]), (17, pays[2:3]), (18, pays[3:])):
        days.append(camt(mine, opening=balance, on=f"2026-11-{day}"))
        balance += sum(pay.cents for pay in mine)
    done = take(_together(month, *days) if month_first else _together(*days, month), now)
    assert (done.checked.error, done.new, done.already_known) == (None, 4, 4)
    assert lines() == [1000] * 4


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 1, 3)])
@pytest.mark.parametrize("apart", [(1, 1, 1), (1, 2), (2, 1), (3,)])
def test_statements_of_one_day_that_follow_on_each_other_lose_no_equal_line(
    now: datetime, order: tuple[int, ...], sizes: tuple[int, ...], apart: tuple[int, ...]
) -> None:
    """As the balances show; they come in any order, some in one file, and each of them again."""
    parts = _parts_of_a_day(sizes)
    left = [parts[n] for n in order]
    taken = []
    for count in apart:
        taken.append(take(_together(*left[:count]), now))
        left = left[count:]
    assert sum(each.new for each in taken) == sum(sizes)
    again = [take(part.replace(b"<MsgId>M1", b"<MsgId>M2"), now) for part in parts]
    assert [(each.new, each.already_known) for each in again] == [(0, size) for size in sizes]
    for told in (parts, [parts[n] for n in order], [parts[order[0]], parts[order[2]]]):
        assert take(_together(*told).replace(b"<MsgId>M1", b"<MsgId>M3"), now).new == 0
    assert lines().count(1000) == 3


@pytest.mark.parametrize("seed", range(12))
def test_statements_of_a_day_in_files_of_any_make_up_count_once(now: datetime, seed: int) -> None:
    random = Random(seed)
    amounts = [random.choice([1000, 1000, 500, 2500]) for _ in range(random.randint(2, 8))]
    cuts = [
        0,
        *sorted(random.sample(range(1, len(amounts)), random.randint(1, min(4, len(amounts) - 1)))),
        len(amounts),
    ]
    whole = [Pay(cents) for cents in amounts]
    parts = [
        camt(whole[begin:end], opening=100_000 + sum(amounts[:begin]), statement=f"S{begin}")
        for begin, end in zip(cuts, cuts[1:], strict=False)
    ]
    left = random.sample(parts, len(parts))
    for _ in range(6):
        brought, left = left[:2], left[2:]
        chosen = random.sample([*brought, *random.sample(parts, random.randint(0, 2))] or parts, max(1, len(brought)))
        take(_together(*brought, *chosen) + b" " * random.randint(0, 99), now)
    take(camt(whole, statement="S9"), now)
    assert lines() == sorted(amounts)


@pytest.mark.parametrize("apart", [(1, 1, 1), (1, 2)])
def test_a_balance_that_comes_back_in_the_course_of_a_day_loses_no_line(now: datetime, apart: tuple[int, ...]) -> None:
    told = [(1000, 100_000), (-1000, 101_000), (1000, 100_000)]
    parts = [camt([Pay(cents)], opening=opening, statement=f"S{n}") for n, (cents, opening) in enumerate(told)]
    left = parts
    for count in apart:
        take(_together(*left[:count]), now)
        left = left[count:]
    for part in parts:
        take(part.replace(b"<MsgId>M1", b"<MsgId>M2"), now)
    assert lines() == [-1000, 1000, 1000]


def _parts_of_a_day(sizes: Sequence[int]) -> list[bytes]:
    """Statements that follow on each other, of so many lines: each has one of 1000 and others of its own."""
    balance, parts = 100_000, []
    for n, size in enumerate(sizes):
        pays = [Pay(1000), *(Pay(300 + 7 * n) for _ in range(size - 1))]
        parts.append(camt(pays, opening=balance, statement=f"S{n}"))
        balance += sum(pay.cents for pay in pays)
    return parts


def test_a_statement_that_came_twice_is_counted_on_from(now: datetime) -> None:
    first, second = _parts_of_a_day((1, 1))
    take(first, now)
    take(first.replace(b"<MsgId>M1", b"<MsgId>M2"), now)
    assert take(second, now).new == 1


def test_what_another_format_brought_is_counted_on_from(now: datetime) -> None:
    first, second = _parts_of_a_day((1, 1))
    take(mt940([":61:2611201120C10,00NTRFNONREF"], closing="C261120EUR1010,00"), now)
    assert [take(each, now).new for each in (first, second, first + b" ", second + b" ")] == [0, 1, 0, 0]


COSTS = [Pay(2500, "R1"), Pay(-1575, details="<AddtlNtryInf>Kosten</AddtlNtryInf>"), Pay(-1575, details=" ")]
COSTS_MT = [
    ":61:261120C25,00N541NONREF", "NL44RABO0123456789", ":86:/ORDP//NAME/J. Jansen/REMI/x",
    ":61:261101D15,75N093NONREF", ":86:/REMI/Kosten", ":61:261102D15,75N093NONREF", ":86:/REMI/Kosten",
]  # fmt: skip


@pytest.mark.parametrize("camt_first", [True, False])
@pytest.mark.parametrize("opening", ["1000,00", "999,00"])
def test_costs_of_other_days_are_the_same_where_the_balances_show_it(
    now: datetime, camt_first: bool, opening: str
) -> None:
    """MT940 tells the value day only, CAMT the day it was booked; the costs have nothing else in common."""
    closing = euros(round(float(opening.replace(",", ".")) * 100) + 2500 - 2 * 1575).replace(".", ",")
    files = [camt(COSTS), mt940(COSTS_MT, opening=f"C261119EUR{opening}", closing=f"C261120EUR{closing}")]
    first, second = (take(content, now) for content in (files if camt_first else reversed(files)))
    assert (first.new, second.new) == (3, 0 if opening == "1000,00" else 2)
    assert len(lines()) == 3 + second.new


@pytest.mark.parametrize("order", [("days", "whole"), ("whole", "days"), ("notified", "days", "whole")])
def test_costs_count_once_where_one_format_tells_them_by_day_and_another_as_a_whole(
    now: datetime, order: tuple[str, ...]
) -> None:
    first, second = COSTS[:2], [Pay(-1575, on="2026-11-21", details=" ")]
    days = _together(camt(first), camt(second, opening=100_925, on="2026-11-21"))
    files = {
        "days": days,
        "whole": mt940(COSTS_MT, closing="C261121EUR993,50"),
        "notified": camt([*first, *second], version="camt.054.001.08"),
    }
    taken = [take(files[name], now) for name in order]
    assert [each.new for each in taken] == [3, *[0] * (len(order) - 1)]
    assert lines() == [-1575, -1575, 2500]


def test_a_notification_of_what_the_statement_dates_otherwise_brings_nothing_new(now: datetime) -> None:
    take(mt940(COSTS_MT[3:5], closing="C261120EUR984,25"), now)
    notified = camt(COSTS[1:2], version="camt.054.001.08").replace(b"<ValDt><Dt>2026-11-20", b"<ValDt><Dt>2026-11-01")
    assert take(notified, now).new == 0


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_statements_of_one_day_are_put_in_the_order_of_their_balances(now: datetime, order: tuple[int, ...]) -> None:
    parts = [camt([Pay(500 + n, f"R{n}")], opening=(0, 500, 1001)[n], statement=f"S{n}") for n in range(3)]
    for n in (*order, order[0]):
        take(parts[n].replace(b"<MsgId>M1", f"<MsgId>{n}".encode()), now)
    [account] = reconcile().accounts
    assert (account.statement, account.before, account.state.gaps, account.off) == (1503, 0, [], 0)


def test_a_refused_file_adds_no_account(now: datetime) -> None:
    before = db.session.execute(select(func.count()).select_from(BankAccount)).scalar_one()
    good, wrong = (camt([Pay(1)], own=own) for own in ("NL20INGB0001234567", "NL44RABO0123456789"))
    wrong = wrong.replace(b"CLBD", b"ITBD")
    assert take(_together(good, wrong), now, add=True).checked.error is not None
    assert db.session.execute(select(func.count()).select_from(BankAccount)).scalar_one() == before
    done = take(_together(good, good.replace(b"NL20INGB0001234567", b"NL44RABO0123456789")), now, add=True)
    assert (done.checked.error, done.new, len(done.checked.accounts)) == (None, 2, 2)


@pytest.mark.parametrize("whole_first", [True, False])
def test_statements_in_another_version_with_other_references_count_once(now: datetime, whole_first: bool) -> None:
    bare = [Pay(1000), Pay(1000), Pay(-300), Pay(2500, iban="NL20INGB0001234567", on="2026-11-21")]
    named = [Pay(p.cents, f"R{n}", iban=p.iban, on=p.on) for n, p in enumerate(bare)]
    days = _together(camt(named[:3]), camt(named[3:], opening=101_700, on="2026-11-21"))
    files = [camt(bare, version="camt.053.001.02", statement="M", on="2026-11-21"), days]
    first, second = (take(content, now) for content in (files if whole_first else reversed(files)))
    assert (first.new, second.new) == (4, 0)
    assert take(camt([*named, Pay(1, "R9")], on="2026-11-21"), now).new == 1


@pytest.mark.parametrize("bare_first", [True, False])
def test_a_day_that_comes_to_nothing_counts_once_where_one_version_has_no_references(
    now: datetime, bare_first: bool
) -> None:
    bare = [Pay(1000), Pay(1000), Pay(-2000)]
    named = [Pay(each.cents, f"R{n}") for n, each in enumerate(bare)]
    files = [camt(bare, version="camt.053.001.02", statement="M"), camt(named)]
    assert [take(content, now).new for content in (files if bare_first else files[::-1])] == [3, 0]
    assert [take(content + b" ", now).new for content in files] == [0, 0]


@pytest.mark.parametrize(("first", "value"), [(19, 19), (20, 1)])
def test_another_version_is_known_where_a_further_format_told_the_value_day(
    now: datetime, first: int, value: int
) -> None:
    costs = [Pay(2500, "R1", on=f"2026-11-{first}"), Pay(-1575, "R2", details=" ")]
    told = [each.replace("261120", f"2611{first}").replace("261101", f"2611{value:02d}") for each in COSTS_MT[:5]]
    take(mt940(told, closing="C261120EUR1009,25"), now)
    for pays in (costs, [replace(each, reference="") for each in costs]):
        dated = camt(pays, statement=pays[0].reference).decode()
        place = dated.rindex("<ValDt>")
        dated = dated[:place] + dated[place:].replace("2026-11-20", f"2026-11-{value:02d}", 1)
        assert take(dated.encode(), now).new == 0


def test_a_day_that_comes_to_nothing_may_do_so_twice(now: datetime) -> None:
    for name in ("R", "Q"):
        pays = [Pay(1000, f"{name}1"), Pay(-1000, f"{name}2")]
        assert take(camt(pays, statement=name), now).new == 2


def test_the_same_amount_to_and_fro_on_other_days_is_each_time_another_payment(now: datetime) -> None:
    balance, files = 100_000, []
    for day, cents in ((16, 1000), (17, -1000), (18, 1000)):
        files.append(camt([Pay(cents, on=f"2026-11-{day}")], opening=balance, on=f"2026-11-{day}"))
        balance += cents
    assert [take(content, now).new for content in files] == [1, 1, 1]


THREE_SO_FAR = [Pay(1000, "R1"), Pay(500), Pay(700, "R2")]


def test_reports_in_the_course_of_a_day_tell_again_what_they_told(now: datetime) -> None:
    """Each tells the day so far; the statement tells what is left out of those that are equal."""
    first, second = (camt(pays, version="camt.054.001.08") for pays in ([Pay(1000, "R1"), Pay(500)], THREE_SO_FAR))
    inside = [each.decode()[each.index(b"<Ntfctn>") : each.index(b"</BkToCstmr")] for each in (first, second)]
    done = take(first.replace(inside[0].encode(), "".join(inside).encode()), now)
    assert (done.new, done.already_known) == (3, 2)
    assert take(camt([*THREE_SO_FAR, Pay(500)]), now).new == 1
    assert lines() == [500, 500, 700, 1000]
