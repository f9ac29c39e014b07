"""Collections are planned, sent, settled and withdrawn here. All run inside the caller's `with writing():`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.base.ids import new_ids
from app.direct_debit.models import CollectionKey
from app.extensions import db
from app.extensions.sql import insert_new


def take_periods(periods: Sequence[tuple[int, date]]) -> None:
    """Mark periods of commitments, as (commitment id, period), as given for: nothing is planned for them."""
    rows = [
        {"id": row_id, "commitment_id": commitment_id, "period": period, "attempt": 1}
        for row_id, (commitment_id, period) in zip(new_ids(len(periods)), periods, strict=True)
    ]
    if rows:
        db.session.execute(insert_new(CollectionKey), rows)
