"""Parts of a report: the chain of dates, who is told, what keeps the parent from being ready."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from app.base.actor import SYSTEM
from app.base.business_days import business_days_between, is_business_day
from app.base.errors import Invalid, Refused
from app.extensions import db, writing
from app.grants.awards.plans import ObligationPlan
from app.grants.obligations import services as obligations
from app.grants.obligations.models import Obligation, ObligationState
from app.grants.parts import asking, board, chains, dates, services, tasks
from app.grants.parts.dates import Dates, Spans
from app.grants.parts.models import ChainMove, PartMove, PartState, ReportPart
from app.grants.parts.queries import missing, parts
from app.grants.parts.services import Content
from app.links.models import Link
from tests.conftest import SettableClock
from tests.factories import consortium as make
from tests.factories.grants import obligation_plan
from tests.support.client import Client
from tests.support.mails import links_mailed, mails

DAYS = st.dates(date(2020, 1, 1), date(2045, 12, 31))
SPANS = st.builds(
    Spans,
    consolidation_days=st.integers(0, dates.MOST_DAYS),
    review_days=st.integers(0, dates.MOST_DAYS),
    buffer_days=st.integers(0, dates.MOST_DAYS),
)


@given(DAYS, SPANS)
def test_a_chain_counts_back_in_working_days(funder: date, spans: Spans) -> None:
    chain = dates.count_back(funder, spans, asked_on=date(2019, 1, 1))
    assert chain.partner_due_on <= chain.review_on <= chain.ready_on <= chain.funder_due_on == funder
    assert all(is_business_day(day) for day in (chain.partner_due_on, chain.review_on, chain.ready_on))
    assert business_days_between(chain.review_on, chain.ready_on) == spans.review_days
    assert business_days_between(chain.partner_due_on, chain.review_on) == spans.consolidation_days


@given(DAYS, SPANS, st.integers(1, 400))
def test_a_later_date_of_the_funder_makes_no_date_earlier(funder: date, spans: Spans, later: int) -> None:
    one = dates.count_back(funder, spans, asked_on=date(2019, 1, 1))
    other = dates.count_back(funder + timedelta(days=later), spans, asked_on=date(2019, 1, 1))
    assert other.partner_due_on >= one.partner_due_on
    assert other.review_on >= one.review_on
    assert other.ready_on >= one.ready_on


@given(DAYS, SPANS, DAYS, DAYS)
def test_a_chain_is_kept_or_refused_with_a_day_in_the_message(
    funder: date, spans: Spans, asked_on: date, today: date
) -> None:
    chain = dates.count_back(funder, spans, asked_on=asked_on)
    possible = funder >= today and chain.partner_due_on > today and chain.partner_due_on > asked_on
    if possible:
        dates.check(chain, today)
        return
    with pytest.raises(Invalid) as told:
        dates.check(chain, today)
    assert told.value.params["day"]


def test_weekends_and_holidays_are_skipped() -> None:
    # Whit Monday is 17 May 2027, Ascension Day 6 May, Liberation Day 5 May.
    chain = dates.count_back(
        date(2027, 5, 18), Spans(consolidation_days=3, review_days=2, buffer_days=1), asked_on=date(2027, 4, 1)
    )
    assert chain == Dates(date(2027, 4, 1), date(2027, 5, 7), date(2027, 5, 12), date(2027, 5, 14), date(2027, 5, 18))


@pytest.mark.parametrize("days", [-1, 61])
def test_a_step_has_a_bounded_length(days: int) -> None:
    with pytest.raises(Invalid) as told:
        dates.count_back(date(2027, 5, 18), Spans(review_days=days), asked_on=date(2027, 4, 1))
    assert told.value.field == "review_days"


def test_asking_explodes_the_report_and_mails_a_link(now: datetime) -> None:
    with writing():
        grant_id, obligation_id = make.report(now)
        both = [make.partner(grant_id, now), make.partner(grant_id, now, "Fier"), None]
        asking.ask(obligation_id, [make.NARRATIVE, make.FIGURES], both, Spans(), actor=SYSTEM, now=now)
    found = parts(obligation_id)
    assert len(found) == 6
    assert {(part.partner_name, part.title) for part in found} == {
        (name, title) for name in ("CKM", "Fier", "") for title in ("Wat is er gedaan", "Cijfers")
    }
    assert all(part.state == "asked" for part in found)
    assert len(links_mailed("/taak/")) == 2
    assert sorted(mail.to for mail in mails()) == ["ckm@example.org", "fier@example.org"]
    chain = chains.of(obligation_id)
    assert chain is not None
    assert chain.partner_due_on == date(2027, 2, 12)


def test_a_partner_without_an_address_is_named(now: datetime) -> None:
    with writing():
        grant_id, obligation_id = make.report(now)
        partner_id = make.partner(grant_id, now, contact_email="")
    with pytest.raises(Invalid) as told, writing():
        asking.ask(obligation_id, [make.NARRATIVE], [partner_id], Spans(), actor=SYSTEM, now=now)
    assert told.value.params == {"partner": "CKM"}


def test_a_partner_of_another_grant_is_refused(now: datetime) -> None:
    with writing():
        _grant, obligation_id = make.report(now)
        from tests.factories import grants

        other = grants.grant(now, funder_id=grants.funder(now, "Janivo"))
        partner_id = make.partner(other, now)
    with pytest.raises(Invalid), writing():
        asking.ask(obligation_id, [make.NARRATIVE], [partner_id], Spans(), actor=SYSTEM, now=now)
    assert parts(obligation_id) == []


@pytest.mark.parametrize(
    ("due_on", "asked_on", "field"),
    [
        (date(2026, 11, 27), None, "consolidation_days"),  # counted back it lies in the past
        (date(2027, 2, 26), date(2027, 2, 20), "asked_on"),  # ends before it starts
        (date(2027, 2, 26), date(2026, 11, 1), "asked_on"),  # starts in the past
    ],
)
def test_a_chain_that_cannot_be_is_refused_clearly(
    now: datetime, due_on: date, asked_on: date | None, field: str
) -> None:
    with writing():
        grant_id, obligation_id = make.report(now, due_on)
        partner_id = make.partner(grant_id, now)
    with pytest.raises(Invalid) as told, writing():
        asking.ask(obligation_id, [make.NARRATIVE], [partner_id], Spans(), asked_on=asked_on, actor=SYSTEM, now=now)
    assert told.value.field == field
    assert parts(obligation_id) == []


def test_a_passed_date_of_the_funder_is_told_on_top_with_the_way_to_change_it(
    sign_in: Callable[[str], Client], now: datetime, clock: SettableClock
) -> None:
    """No field of these forms holds the funder's date: the message stands by none of them."""
    with writing():
        _grant, obligation_id, _partner, _parts = make.asked(now)
        other_grant, other = make.report(now)
        partner_id = make.partner(other_grant, now)
    clock.at(2027, 3, 1, 11)
    fundraiser = sign_in("fundraiser")
    steps = {"consolidation_days": "5", "review_days": "3", "buffer_days": "2"}
    data = steps | {
        "partners": [str(partner_id)], "asked_on": "01-03-2027", "questions-0-kind": "narrative",
        "questions-0-title": "Verhaal", **{f"questions-{row}-kind": "narrative" for row in (1, 2, 3)},
    }  # fmt: skip
    asking_page = f"/grants/obligations/{other}/parts/ask"
    assert f"/grants/obligations/{other}/edit" in fundraiser.get(asking_page).text
    again = fundraiser.get(f"/grants/obligations/{obligation_id}/parts/ask").text
    assert "Verschuif eerst de data" in again, "who asks more of partners is told that it is late at once"
    for path, sent in (
        (asking_page, data), (f"/grants/obligations/{obligation_id}/parts/chain", steps | {"version": "1"})
    ):  # fmt: skip
        refused = fundraiser.post(path, data=sent)
        assert refused.status_code == 422
        assert "De datum van de financier, 26-02-2027, is voorbij. Spreek een latere datum" in refused.text
        assert 'href="#consolidation_days"' not in refused.text
    with pytest.raises(Invalid) as told, writing():
        move_due(obligation_id, date(2027, 2, 27), clock.now())
    assert told.value.field == "due_on"


def test_a_date_before_partners_may_start_is_told_by_the_date_of_the_funder(now: datetime) -> None:
    with writing():
        grant_id, obligation_id = make.report(now)
        partner_id, start = make.partner(grant_id, now), date(2027, 2, 1)
        asking.ask(obligation_id, [make.NARRATIVE], [partner_id], Spans(), asked_on=start, actor=SYSTEM, now=now)
    with pytest.raises(Invalid) as told, writing():
        move_due(obligation_id, date(2027, 2, 2), now)
    assert told.value.field == "due_on"


def move_due(obligation_id: int, due_on: date, now: datetime) -> None:
    row = db.session.get_one(Obligation, obligation_id)
    plan = ObligationPlan(kind=row.kind, due_on=due_on, assignee_id=row.assignee_id)
    obligations.change(obligation_id, plan, version=None, actor=SYSTEM, now=now)


def test_moving_the_funders_date_moves_the_chain_and_tells_everyone(
    fundraiser: Client, now: datetime, clock: SettableClock
) -> None:
    with writing():
        grant_id, obligation_id = make.report(now)
        partner_id = make.partner(grant_id, now)
        plan = obligation_plan(due_on=date(2027, 2, 26), assignee_id=fundraiser.staff_id)
        obligations.change(obligation_id, plan, version=None, actor=SYSTEM, now=now)
        asking.ask(obligation_id, [make.NARRATIVE], [partner_id], Spans(), actor=SYSTEM, now=now)
    clock.forward(minutes=1)
    before = len(mails())
    now = clock.now()
    with writing():
        move_due(obligation_id, date(2027, 3, 12), now)
    chain = chains.of(obligation_id)
    assert chain is not None
    assert (chain.funder_due_on, chain.partner_due_on) == (date(2027, 3, 12), date(2027, 2, 26))
    assert db.session.get_one(Obligation, obligation_id).internal_due_on == chain.ready_on
    told = mails()[before:]
    assert {mail.message.template for mail in told} == {"grants/part_moved", "grants/part_chain"}
    assert all("26 februari 2027" in mail.rendered.text for mail in told)
    log = board.log_of(chain)
    assert len(log) == 2
    assert (log[0].old_partner_due_on, log[0].new_partner_due_on) == (date(2027, 2, 12), date(2027, 2, 26))
    assert log[0].told == 2


def test_an_earlier_date_of_the_funder_moves_the_chain_from_the_page(fundraiser: Client, now: datetime) -> None:
    """The form sends the internal date along as the chain set it: after the new date, and nobody touched it."""
    with writing():
        _grant, obligation_id, _partner, _parts = make.asked(now)
    row = db.session.get_one(Obligation, obligation_id)
    data = {"kind": row.kind.value, "version": row.version, "internal_due_on": row.internal_due_on.isoformat()}  # type: ignore[union-attr]
    saved = fundraiser.post(f"/grants/obligations/{obligation_id}/edit", data=data | {"due_on": "2027-01-29"})
    assert saved.status_code == 303
    db.session.rollback()
    chain = chains.of(obligation_id)
    assert chain is not None
    assert chain.funder_due_on == date(2027, 1, 29)
    assert db.session.get_one(Obligation, obligation_id).internal_due_on == chain.ready_on == date(2027, 1, 27)
    data |= {"version": row.version, "internal_due_on": "2027-03-01"}
    refused = fundraiser.post(f"/grants/obligations/{obligation_id}/edit", data=data | {"due_on": "2027-01-29"})
    assert refused.status_code == 422, "a date that somebody typed is not moved in silence"


def test_a_date_that_breaks_the_chain_is_refused_and_nothing_moves(now: datetime) -> None:
    with writing():
        _grant, obligation_id, _partner, _parts = make.asked(now)
    with pytest.raises(Invalid) as told, writing():
        move_due(obligation_id, date(2026, 11, 30), now)
    assert told.value.field == "due_on"
    assert db.session.get_one(Obligation, obligation_id).due_on == date(2027, 2, 26)
    assert db.session.execute(select(func.count()).select_from(ChainMove)).scalar() == 1


def test_a_finished_chain_follows_any_date(now: datetime) -> None:
    with writing():
        _grant, obligation_id, _partner, ids = make.asked(now)
        for part_id in ids:
            services.waive(part_id, "niet nodig", actor=SYSTEM, now=now)
        move_due(obligation_id, date(2026, 11, 30), now)
    assert db.session.get_one(Obligation, obligation_id).due_on == date(2026, 11, 30)


def test_a_report_is_not_ready_while_a_part_is_missing(now: datetime) -> None:
    with writing():
        _grant, obligation_id, _partner, ids = make.asked(now, (make.NARRATIVE, make.FILES))
        obligations.move(obligation_id, ObligationState.IN_PROGRESS, actor=SYSTEM, now=now)
    assert missing(obligation_id) == ["CKM: Wat is er gedaan", "CKM: Bewijsstukken"]
    with pytest.raises(Refused, match="CKM: Wat is er gedaan"), writing():
        obligations.move(obligation_id, ObligationState.INTERNAL_REVIEW, actor=SYSTEM, now=now)
    with writing():
        services.waive(ids[1], "niet nodig", actor=SYSTEM, now=now)
        services.save(ids[0], Content(answer="Gedaan"), submit=True, version=None, who="x", actor=SYSTEM, now=now)
    with pytest.raises(Refused, match="CKM"), writing():
        obligations.move(obligation_id, ObligationState.INTERNAL_REVIEW, actor=SYSTEM, now=now)
    with writing():
        services.accept(ids[0], actor=SYSTEM, now=now)
        obligations.move(obligation_id, ObligationState.INTERNAL_REVIEW, actor=SYSTEM, now=now)
        services.send_back(ids[0], "toch nog iets", actor=SYSTEM, now=now)
    with pytest.raises(Refused), writing():
        obligations.submit(obligation_id, submitted_on=date(2026, 11, 23), proof="x", actor=SYSTEM, now=now)
    with writing():
        services.save(ids[0], Content(answer="Nu wel"), submit=True, version=None, who="x", actor=SYSTEM, now=now)
        services.accept(ids[0], actor=SYSTEM, now=now)
        obligations.submit(obligation_id, submitted_on=date(2026, 11, 23), proof="x", actor=SYSTEM, now=now)
    assert db.session.get_one(Obligation, obligation_id).state is ObligationState.SUBMITTED
    moves = select(PartMove.to_state).where(PartMove.part_id == ids[0]).order_by(PartMove.id)
    assert list(db.session.execute(moves).scalars()) == [
        "asked", "submitted", "accepted", "returned", "submitted", "accepted",
    ]  # fmt: skip


def test_a_reminder_goes_once_a_day(now: datetime) -> None:
    with writing():
        _grant, obligation_id, _partner, ids = make.asked(now)
        task_id = make.task_id(obligation_id)
        tasks.remind(task_id, actor=SYSTEM, now=now)
    with pytest.raises(Refused), writing():
        tasks.remind(task_id, actor=SYSTEM, now=now + timedelta(hours=3))
    with writing():
        tasks.remind(task_id, actor=SYSTEM, now=now + timedelta(days=1))
    reminders = [mail for mail in mails() if mail.message.template == "grants/part_reminder"]
    assert len(reminders) == 2
    assert "Wat is er gedaan" in reminders[0].rendered.text
    with writing():
        for part_id in ids:
            services.waive(part_id, "niet nodig", actor=SYSTEM, now=now)
    with pytest.raises(Refused), writing():
        tasks.remind(task_id, actor=SYSTEM, now=now + timedelta(days=2))


def test_only_the_hash_of_a_link_is_stored(now: datetime) -> None:
    with writing():
        make.asked(now)
    token = links_mailed("/taak/")[-1].rpartition("/")[2]
    assert len(token) == 27
    for row in db.session.execute(select(Link)).scalars():
        assert token.encode() not in row.token_hash
        assert row.data_sealed is None


def test_the_lead_hears_when_a_partner_has_delivered_everything(fundraiser: Client, now: datetime) -> None:
    with writing():
        _grant, obligation_id, _partner, ids = make.asked(now, (make.NARRATIVE, make.NARRATIVE))
        db.session.get_one(Obligation, obligation_id).assignee_id = fundraiser.staff_id

    def deliver(part_id: int) -> list[str]:
        with writing():
            services.save(part_id, Content(answer="Klaar"), submit=True, version=None, who="x", actor=SYSTEM, now=now)
        return [mail.message.template for mail in mails() if mail.message.template == "grants/part_delivered"]

    assert deliver(ids[0]) == []
    assert deliver(ids[1]) == ["grants/part_delivered"]


def test_figures_are_put_together_and_checked(now: datetime) -> None:
    with writing():
        grant_id, obligation_id = make.report(now)
        two = [make.partner(grant_id, now), make.partner(grant_id, now, "Fier")]
        ids = asking.ask(obligation_id, [make.FIGURES], two, Spans(), actor=SYSTEM, now=now)
        for part_id, cents in zip(ids, ((1000, 250), (99, None)), strict=True):
            figures = {f.id: c for f, c in zip(board.one(part_id)[1].figures, cents, strict=True)}
            content = Content(figures=figures, total_cents=1300)
            services.save(part_id, content, version=None, who="x", actor=SYSTEM, now=now)
    whole = board.consolidate(grant_id, parts(obligation_id))
    assert whole is not None
    assert [(row.label, row.cells, row.cents) for row in whole.rows] == [
        ("Personeel", [1000, 99], 1099), ("Reizen", [250, None], 250),
    ]  # fmt: skip
    assert whole.totals == [1250, 99]
    assert whole.cents == sum(whole.totals) == sum(row.cents for row in whole.rows)
    assert whole.wrong == [("CKM", 1250, 1300), ("Fier", 99, 1300)]


def test_the_board_says_who_is_late(sign_in: Callable[[str], Client], now: datetime, clock: SettableClock) -> None:
    with writing():
        _grant, obligation_id, _partner, _parts = make.asked(now)
    page = sign_in("viewer").get(f"/grants/obligations/{obligation_id}/parts").get_data(as_text=True)
    assert "te laat" not in page
    assert "Stuur herinnering" not in page, "who may only read sees no buttons"
    clock.at(2027, 2, 13, 11)
    fundraiser = sign_in("fundraiser")
    page = fundraiser.get(f"/grants/obligations/{obligation_id}/parts").get_data(as_text=True)
    assert "te laat" in page
    assert "Stuur herinnering aan CKM" in page
    task_id = make.task_id(obligation_id)
    assert fundraiser.post(f"/grants/part-tasks/{task_id}/remind").status_code == 303
    assert fundraiser.post(f"/grants/part-tasks/{task_id}/remind").status_code == 409


def test_the_lead_asks_judges_and_returns_on_pages(fundraiser: Client, now: datetime) -> None:
    with writing():
        grant_id, obligation_id = make.report(now)
        partner_id = make.partner(grant_id, now)
    url = f"/grants/obligations/{obligation_id}/parts"
    data = {
        "partners": [str(partner_id), "us"], "consolidation_days": "5", "review_days": "3", "buffer_days": "2",
        "asked_on": "23-11-2026", "questions-0-kind": "narrative", "questions-0-title": "Verhaal",
        "questions-1-kind": "figures", "questions-1-title": "Cijfers", "questions-1-question": "Loon\nReizen",
        "questions-2-kind": "narrative", "questions-3-kind": "narrative",
    }  # fmt: skip
    assert fundraiser.get(f"{url}/ask").status_code == 200
    bad = fundraiser.post(f"{url}/ask", data=data | {"consolidation_days": "60", "review_days": "60"})
    assert bad.status_code == 422
    assert "Verhaal" in bad.get_data(as_text=True)
    assert fundraiser.post(f"{url}/ask", data=data).status_code == 303
    found = {(part.partner_name, part.title): part for part in parts(obligation_id)}
    assert len(found) == 4
    own, theirs = found["", "Verhaal"], found["CKM", "Verhaal"]
    assert [figure.label for figure in found["CKM", "Cijfers"].figures] == ["Loon", "Reizen"]
    for part in found.values():
        assert fundraiser.get(f"/grants/parts/{part.id}").status_code == 200
    wrote = {"version": 1, "answer": "Van ons", "deliver": "1"}
    assert fundraiser.post(f"/grants/parts/{own.id}/write", data=wrote).status_code == 303
    with writing():
        services.save(theirs.id, Content(answer="X"), submit=True, version=None, who="x", actor=SYSTEM, now=now)
    version = db.session.get_one(ReportPart, theirs.id).version
    empty = fundraiser.post(f"/grants/parts/{theirs.id}/return", data={"version": version, "note": ""})
    assert empty.status_code == 422
    back = fundraiser.post(f"/grants/parts/{theirs.id}/return", data={"version": version, "note": "Noem cijfers"})
    assert back.status_code == 303
    assert db.session.get_one(ReportPart, theirs.id).state is PartState.RETURNED
    said = fundraiser.post(f"/grants/parts/{theirs.id}/comment", data={"text": "Bel gerust"})
    assert said.status_code == 303
    assert "Bel gerust" in fundraiser.get(f"/grants/parts/{theirs.id}").get_data(as_text=True)
    assert fundraiser.get(url).status_code == 200
    assert fundraiser.get(f"{url}/chain").status_code == 200
    shorter = {"version": 1, "consolidation_days": "4", "review_days": "3", "buffer_days": "2"}
    assert fundraiser.post(f"{url}/chain", data=shorter).status_code == 303


def test_the_boards_take_as_many_statements_for_many_parts_as_for_few(fundraiser: Client, now: datetime) -> None:
    with writing():
        grant_id, obligation_id = make.report(now)
        first = make.partner(grant_id, now, "Eerste")
        asking.ask(obligation_id, [make.NARRATIVE, make.FIGURES], [first], Spans(), actor=SYSTEM, now=now)

    def count() -> int:
        seen: list[str] = []
        event.listen(db.engine, "before_cursor_execute", listener := lambda *args: seen.append(args[2]))
        fundraiser.get(f"/grants/obligations/{obligation_id}/parts")
        fundraiser.get("/grants/partner-parts")
        event.remove(db.engine, "before_cursor_execute", listener)
        return len([each for each in seen if not each.startswith("PRAGMA")])

    count()
    few = count()
    with writing():
        many = [make.partner(grant_id, now, f"Partner {n}") for n in range(8)]
        asking.ask(obligation_id, [make.NARRATIVE, make.FIGURES, make.FILES], many, Spans(), actor=SYSTEM, now=now)
    assert count() == few


def test_the_board_over_all_grants_says_who_is_late_and_reminds_in_one_click(
    sign_in: Callable[[str], Client], now: datetime, clock: SettableClock
) -> None:
    with writing():
        _grant, obligation_id, _partner, _parts = make.asked(now)
        task_id = make.task_id(obligation_id)
    fundraiser = sign_in("fundraiser")
    assert "CKM" in fundraiser.get("/grants/partner-parts?standing=writing").text
    assert "Niemand heeft hier iets te schrijven" in fundraiser.get("/grants/partner-parts?standing=late").text
    clock.at(2027, 2, 13, 11)
    viewer = sign_in("viewer")
    page = viewer.get("/grants/partner-parts?standing=late").text
    assert "CKM" in page
    assert "te laat" in page
    assert "remind" not in page, "who may only read sees no buttons"
    fundraiser = sign_in("fundraiser")
    for _again in range(2):
        assert fundraiser.post("/grants/partner-parts/remind-late").status_code == 303
    assert [mail.message.template for mail in mails()].count("grants/part_reminder") == 1, "once a day is enough"
    assert "vandaag herinnerd" in fundraiser.get("/grants/partner-parts").text
    clock.at(2027, 2, 15, 11)
    fundraiser = sign_in("fundraiser")
    back = fundraiser.post(f"/grants/part-tasks/{task_id}/remind", data={"from": "all"})
    assert back.headers["Location"].endswith("/grants/partner-parts")
    with writing():
        obligations.waive(obligation_id, "Niet meer nodig.", actor=SYSTEM, now=now)
    assert "CKM" not in fundraiser.get("/grants/partner-parts").text
