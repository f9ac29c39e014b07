from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.base import works as registry
from app.extensions import db, now, writing
from app.jobs import services, worker
from app.jobs.models import Job, JobState
from tests.conftest import SettableClock
from tests.support.client import Client

SignIn = Callable[[str], Client]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    """A job called test.work that notes its payloads, and no other schedules."""
    ran: list[dict[str, object]] = []
    monkeypatch.setattr(registry, "_works", {"test.work": ran.append})
    monkeypatch.setattr(registry, "_periodics", {})
    return ran


def jobs() -> list[Job]:
    return list(db.session.execute(select(Job).execution_options(populate_existing=True)).scalars())


def test_a_job_exists_only_if_its_transaction_was_committed(app: Flask, done: list[object]) -> None:
    def business(divisor: int) -> None:
        with writing():
            services.enqueue("test.work", {"n": 1}, now=now())
            1 // divisor

    with pytest.raises(ZeroDivisionError):
        business(0)
    assert services.run_due() == 0
    with writing():
        services.enqueue("test.work", {"n": 2}, now=now())
    assert services.run_due() == 1
    assert done == [{"n": 2}]
    assert jobs() == []


def test_the_same_key_waits_once(app: Flask, done: list[object]) -> None:
    with writing():
        for n in range(3):
            services.enqueue("test.work", {"n": n}, now=now(), key="one")
    assert services.run_due() == 1
    assert done == [{"n": 0}]


def test_a_job_for_later_waits(app: Flask, done: list[object], clock: SettableClock) -> None:
    with writing():
        services.enqueue("test.work", now=now(), run_at=now() + timedelta(hours=1))
    assert services.run_due() == 0
    clock.forward(hours=1)
    assert services.run_due() == 1


def test_a_failing_job_is_retried_with_growing_pauses_and_then_given_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch, clock: SettableClock
) -> None:
    def fail(payload: dict[str, object]) -> None:
        raise OSError("the other side is down")

    monkeypatch.setattr(registry, "_works", {"test.work": fail})
    monkeypatch.setattr(registry, "_periodics", {})
    with writing():
        services.enqueue("test.work", now=now())
    pauses = []
    for _ in range(services.MAX_ATTEMPTS):
        assert services.run_due(limit=1) == 1
        (job,) = jobs()
        pauses.append(job.run_at - now())
        clock.at(*job.run_at.timetuple()[:6])
        clock.forward(seconds=1)
    assert job.state is JobState.DEAD
    assert job.last_error == "OSError: the other side is down"
    assert pauses[0] < pauses[1] < pauses[2]
    assert services.run_due() == 0


def test_work_of_a_worker_that_died_is_taken_over(app: Flask, done: list[object], clock: SettableClock) -> None:
    with writing():
        services.enqueue("test.work", {"n": 1}, now=now())
    assert services._claim(now(), "worker that dies") is not None
    assert services.run_due() == 0
    clock.forward(seconds=services.LEASE.total_seconds() + 1)
    assert services.run_due() == 1
    assert done == [{"n": 1}]


def test_a_busy_worker_keeps_its_lease(app: Flask, done: list[object], clock: SettableClock) -> None:
    with writing():
        services.enqueue("test.work", now=now())
    services._claim(now(), "busy")
    clock.forward(seconds=50)
    services.renew("busy", now())
    clock.forward(seconds=50)
    assert services.run_due() == 0


def test_many_workers_run_each_job_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    monkeypatch.setattr(registry, "_works", {"test.work": lambda payload: ran.append(payload["n"])})
    monkeypatch.setattr(registry, "_periodics", {})
    with writing():
        services.enqueue_many("test.work", [{"n": n} for n in range(40)], now=now())

    def work(name: str) -> None:
        with app.app_context():
            while services.run_one(now(), name):
                pass

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ran) == list(range(40))


def test_a_periodic_job_runs_once_for_each_occurrence_also_when_the_clock_goes_back(
    app: Flask, done: list[object], monkeypatch: pytest.MonkeyPatch, clock: SettableClock
) -> None:
    daily = registry.Periodic("test.work", None, datetime(2026, 1, 1, 6, 30).time())  # noqa: DTZ001
    monkeypatch.setattr(registry, "_periodics", {"test.work": daily})
    assert services.run_due() == 1
    assert services.run_due() == 0
    clock.forward(days=1)
    assert services.run_due() == 1
    clock.forward(days=-1)
    assert services.run_due() == 0
    clock.forward(days=1, hours=2)
    assert services.run_due() == 0


@pytest.mark.parametrize(
    ("instant", "slot"),
    [
        # The night the clock goes forward has no 02:30, the night it goes back has two.
        (datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, 0, 29, tzinfo=UTC), datetime(2026, 6, 30, 0, 30, tzinfo=UTC)),
    ],
)
def test_daily_slots_follow_the_wall_clock(instant: datetime, slot: datetime) -> None:
    at_half_past_two = registry.Periodic("x", None, datetime(2026, 1, 1, 2, 30).time())  # noqa: DTZ001
    assert at_half_past_two.slot(instant) == slot


def test_the_worker_runs_jobs_and_gives_a_heartbeat(app: Flask, done: list[object]) -> None:
    with writing():
        services.enqueue("test.work", {"n": 1}, now=now())
    loop = worker.WorkerLoop(app)
    loop.start()
    for _ in range(100):
        db.session.rollback()
        if done and db.session.execute(select(func.count()).select_from(Job)).scalar() == 0:
            break
        threading.Event().wait(0.05)
    loop.stop()
    db.session.rollback()  # the heartbeat may be younger than the last look at the queue
    assert done == [{"n": 1}]
    assert worker.is_alive(now())
    assert not worker.is_alive(now() + timedelta(minutes=2))


def give_up(app: Flask, monkeypatch: pytest.MonkeyPatch, clock: SettableClock, key: str | None = None) -> int:
    """A job that failed ten times on words of a donor; its id."""

    def fails(payload: object) -> None:
        raise ValueError("wat Jan schreef")

    monkeypatch.setattr(registry, "_works", {"test.work": fails})
    with writing():
        services.enqueue("test.work", now=now(), key=key)
    for _ in range(services.MAX_ATTEMPTS):
        assert services.run_due() == 1
        clock.forward(hours=1)
    (job,) = jobs()
    assert job.state is JobState.DEAD
    return job.id


def test_an_administrator_sees_what_was_given_up_and_lets_it_try_again(
    app: Flask, done: list[object], monkeypatch: pytest.MonkeyPatch, clock: SettableClock, sign_in: SignIn
) -> None:
    give_up(app, monkeypatch, clock)
    admin = sign_in("admin")
    assert "1 klus op de achtergrond is na tien mislukte pogingen blijven liggen" in admin.get("/cockpit").text
    assert (admin.get("/healthz").json or {})["jobs"] == "given up"
    page = admin.get("/jobs").text
    assert "test.work" in page
    assert "ValueError" in page
    assert "Jan" not in page
    (job,) = jobs()
    monkeypatch.setattr(registry, "_works", {"test.work": done.append})
    assert admin.post(f"/jobs/{job.id}/again").status_code == 303
    assert services.run_due() == 1
    assert done == [{}]
    assert jobs() == []
    assert admin.post(f"/jobs/{job.id}/again").status_code == 404
    assert "jobs" not in (admin.get("/healthz").json or {})
    assert "blijven liggen" not in admin.get("/cockpit").text


def test_the_same_work_asked_for_anew_stands_for_what_was_given_up(
    app: Flask, done: list[object], monkeypatch: pytest.MonkeyPatch, clock: SettableClock, sign_in: SignIn
) -> None:
    first = give_up(app, monkeypatch, clock, key="one")
    monkeypatch.setattr(registry, "_works", {"test.work": done.append})
    with writing():
        services.enqueue("test.work", {"n": 2}, now=now(), key="one")
    assert sign_in("admin").post(f"/jobs/{first}/again").status_code == 303
    assert services.run_due() == 1
    assert done == [{"n": 2}]
    second = give_up(app, monkeypatch, clock, key="one")
    monkeypatch.setattr(registry, "_works", {"test.work": done.append})
    with writing():
        services.enqueue("test.work", {"n": 3}, now=now(), key="one")
    assert services.run_due() == 1
    assert jobs() == [], f"{second} was done by the same work, asked for anew"
