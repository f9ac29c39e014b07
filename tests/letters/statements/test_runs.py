"""Annual statements for all donors: nobody skipped or doubled, whatever happens half-way; each says what it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.base.actor import SYSTEM
from app.documents import pdf
from app.extensions import db, now, writing
from app.jobs.services import run_due
from app.ledger.accounts import ensure_chart
from app.letters.statements import keeping, runs, telling
from app.letters.statements.models import (
    OUTCOME_MOVES,
    RUN_MOVES,
    Outcome,
    RunState,
    Statement,
    StatementItem,
    StatementRun,
    Told,
)
from app.outbox import letters
from app.outbox.models import Letter, Message
from app.supporters.models import Supporter
from app.supporters.names import Greeting, Name
from tests.factories.organisation import make_organisation
from tests.factories.supporters import person
from tests.letters.statements.test_statements import back, gave, text_of
from tests.support.client import Client

SignIn = Callable[[str], Client]
ON = date(2025, 3, 1)


class Killed(BaseException):
    """kill -9: nothing after it runs."""


@pytest.fixture(autouse=True)
def house(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make_organisation()
    with writing():
        ensure_chart()
    monkeypatch.setattr(runs, "BATCH", 2)
    monkeypatch.setattr(telling, "BATCH", 2)


def five() -> list[int]:
    people = [person(f"Piet Bakker{n}", email="" if n == 4 else f"piet{n}@example.nl") for n in range(5)]
    for n, each in enumerate(people):
        gave(each, 1_000 + n, ON)
    return people


def begun(copies: bool = False) -> int:
    with writing():
        return runs.begin(2025, copies=copies, actor=SYSTEM, now=now())


def whole(run_id: int) -> dict[int, StatementItem]:
    while runs.advance(run_id):
        pass
    found = db.session.scalars(select(StatementItem).where(StatementItem.run_id == run_id))
    return {item.supporter_id: item for item in found}


def paper_of(item: StatementItem) -> str:
    return text_of(b"".join(runs.STORE.read(item.file or "")))


def test_every_move_of_a_run_and_of_a_donor_is_as_the_tables_say() -> None:
    R, O = RunState, Outcome  # noqa: E741, N806
    assert {(a, b) for a in R for b in R if RUN_MOVES.allows(a, b)} == {
        (R.RUNNING, R.STOPPED), (R.RUNNING, R.DONE), (R.STOPPED, R.RUNNING), (R.DONE, R.RUNNING),
    }  # fmt: skip
    assert {(a, b) for a in O for b in O if OUTCOME_MOVES.allows(a, b)} == {
        (O.NOTED, O.MADE), (O.NOTED, O.FAILED), (O.NOTED, O.SKIPPED), (O.FAILED, O.NOTED),
    }  # fmt: skip


@pytest.mark.parametrize("dies_at", range(1, 6))
def test_killed_at_any_paper_and_gone_on_with_everybody_has_one_first_statement(
    app: Flask, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    five()
    run_id, real, seen = begun(), pdf.render, 0

    def dies(*args: Any) -> bytes:
        nonlocal seen
        seen += 1
        if seen == dies_at:
            raise Killed
        return real(*args)

    monkeypatch.setattr(pdf, "render", dies)
    with pytest.raises(Killed):
        whole(run_id)
    db.session.rollback()
    noted = db.session.scalar(select(func.count()).where(StatementItem.outcome == Outcome.NOTED))
    assert noted  # noted and written are told apart
    items = whole(run_id)
    assert [(i.outcome, i.copy_of, i.replaces) for i in items.values()] == [(Outcome.MADE, None, None)] * 5
    assert len({i.file for i in items.values()}) == 5
    assert not any("Kopie" in paper_of(i) or "Vervangt" in paper_of(i) for i in items.values())
    assert db.session.scalar(select(func.count()).select_from(Statement)) == 5


def test_money_that_went_back_between_noting_and_writing_stands_on_the_paper(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = person("Anna Bakker")
    gift, run_id = gave(anna, 5_000, ON), begun()

    def dies(*_: Any) -> bytes:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(pdf, "render", dies)
        with pytest.raises(Killed):
            whole(run_id)
    db.session.rollback()
    back(gift, 2_000)
    item = whole(run_id)[anna]
    assert (item.outcome, item.cents) == (Outcome.MADE, 3_000)
    said = paper_of(item)
    assert "€ 30,00" in said
    assert "Vervangt" not in said  # the one before never left the house


def test_a_second_run_makes_what_changed_and_says_why_not_the_rest(app: Flask) -> None:
    people = five()
    whole(begun())
    gift = gave(people[0], 2_500, ON)
    lost = gave(person("Kees Terug"), 4_000, ON)
    back(lost, 4_000)
    second = whole(begun())
    assert [str(second[i].why) for i in people[1:]] == ["same"] * 4
    assert "Vervangt" in paper_of(second[people[0]])
    assert str(second[max(second)].why) == "nothing_left"
    copies = whole(begun(copies=True))
    assert all("Kopie" in paper_of(copies[i]) for i in people)
    assert gift


def test_one_that_cannot_be_laid_out_fails_alone_and_is_tried_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = five()
    run_id, real = begun(), pdf.render

    def odd(template: str, data: dict[str, Any]) -> bytes:
        if "Bakker2" in str(data["recipient"]):
            raise ValueError("cannot be laid out")
        return real(template, data)

    with monkeypatch.context() as broken:
        broken.setattr(pdf, "render", odd)
        items = whole(run_id)
    assert [i.outcome for i in items.values()].count(Outcome.MADE) == 4
    assert (items[people[2]].outcome, str(items[people[2]].why)) == (Outcome.FAILED, "layout")
    with writing():
        runs.go_on(run_id, actor=SYSTEM, now=now())
    assert paper_of(whole(run_id)[people[2]])


def test_a_full_disk_stops_it_and_says_so(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    five()
    run_id = begun()
    with writing():
        runs.proceed(run_id, now=now())

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(runs.STORE, "keep", full)
        run_due()
    stopped = runs.find(run_id)
    assert (stopped.state, bool(stopped.problem)) == (RunState.STOPPED, True)
    with writing():
        runs.go_on(run_id, actor=SYSTEM, now=now())
    assert len(whole(run_id)) == 5


def test_the_page_makes_them_hands_them_out_and_tells_donors(app: Flask, sign_in: SignIn) -> None:
    people = five()
    with writing():
        dead = update(Supporter).where(Supporter.id == people[3]).values(is_deceased=True)
        db.session.execute(dead)
    writer = sign_in("fundraiser")
    assert writer.post("/statements", data={"year": "1066"}).status_code == 422
    where = writer.post("/statements", data={"year": "2025"}).location
    again = writer.post("/statements", data={"year": "2025"})
    assert again.status_code == 422
    assert "al gemaakt" in again.text
    assert writer.post(f"{where}/stop").status_code == 303
    assert writer.post(f"{where}/go-on").status_code == 303
    run_due()
    page = writer.get(where).text
    assert "Downloaden als ZIP" in page
    taken = writer.post(f"{where}/statements.zip")
    with zipfile.ZipFile(io.BytesIO(taken.data)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 5
        first = sorted(archive.namelist())[0]
        assert first.startswith("2025 Bakker0")
        assert "Jaaroverzicht" in text_of(archive.read(first))
    taken.close()
    for _ in range(2):  # told twice is told once
        assert writer.post(f"{where}/tell").status_code in (303, 409, 422)
        run_due()
    told = dict(db.session.execute(select(StatementItem.supporter_id, StatementItem.told)).all())
    assert [told[i] for i in people] == [Told.MAIL] * 3 + [Told.NOBODY, Told.LETTER]
    mails = select(func.count()).where(Message.template == telling.READY)
    assert db.session.scalar(mails) == 3
    assert db.session.scalar(select(func.count()).select_from(Letter)) == 1
    printed = letters.waiting()[0].rendered
    for words in ("2025", "€ 10,04", "01-03-2025", "RSIN"):
        assert words in printed.text.replace("\u00a0", " "), words


def test_files_are_cleared_after_a_month_and_when_a_donor_is_gone(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    people = five()
    run_id = begun()
    items = whole(run_id)
    kept, gone = items[people[0]].file or "", items[people[1]].file or ""
    with writing() as session:
        session.delete(session.get(StatementItem, items[people[1]].id))
    later = now() + timedelta(days=20)  # files carry the real day
    monkeypatch.setattr(keeping, "now", lambda: later)
    keeping.clear({})
    assert runs.STORE.kept(before=later).count(kept) == 1
    assert gone not in runs.STORE.kept(before=later)
    with writing():
        db.session.execute(update(StatementRun).values(finished_at=now() - keeping.KEPT))
    keeping.clear({})
    assert runs.STORE.kept(before=later) == []
    assert runs.find(run_id).cleared_at is not None


def test_the_command_goes_on_and_a_second_making_is_a_copy(app: Flask, tmp_path: Path) -> None:
    five()
    runs.advance(begun())  # begun on the page, say

    def command(folder: str, *more: str) -> str:
        asked = ["statements", "make", "--year", "2025", "--to", str(tmp_path / folder), *more]
        result = app.test_cli_runner().invoke(args=asked)
        assert result.exit_code == 0, result.output
        return result.output

    assert "5 written" in command("a")
    assert not any("Kopie" in text_of(f.read_bytes()) for f in (tmp_path / "a").glob("*.pdf"))
    assert "0 statements made, 5 skipped" in command("b")
    assert "5 written" in command("b", "--copies")
    assert all("Kopie" in text_of(f.read_bytes()) for f in (tmp_path / "b").glob("*.pdf"))
    assert len(list((tmp_path / "a").iterdir())) == len(list((tmp_path / "b").iterdir())) == 5


def test_names_with_everything_in_them_reach_folder_and_paper(app: Flask, tmp_path: Path) -> None:
    name = Name(initials="A.", infix="van 't", last_name="Hooft/../Ĳssel 😀", greeting=Greeting.MADAM)
    gave(person(name), 1_000, ON)
    run_id = begun()
    whole(run_id)
    assert keeping.write_out(run_id, tmp_path / "out") == 1
    assert keeping.write_out(run_id, tmp_path / "out") == 0
    assert len(list((tmp_path / "out").iterdir())) == 1
