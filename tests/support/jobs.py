"""The jobs that a test is about, without the thirty schedules of other rooms that fall due with them."""

from __future__ import annotations

from datetime import UTC, datetime

from app.base.ids import stable_id
from app.base.works import periodics
from app.extensions import writing
from app.extensions.sql import insert_new
from app.jobs.models import Schedule

LONG_AFTER = datetime(9999, 1, 1, tzinfo=UTC)


def only_of(room: str) -> None:
    """Of the schedules, `run_due` runs this room's alone from now on: the others ran for a long time ahead."""
    others = [each.name for each in periodics() if not each.name.startswith(f"{room}.")]
    rows = [{"id": stable_id(f"schedule:{name}"), "name": name, "last_slot": LONG_AFTER} for name in others]
    with writing() as session:
        session.execute(insert_new(Schedule), rows)
