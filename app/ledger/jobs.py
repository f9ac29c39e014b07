"""The ledger's work in the background."""

from __future__ import annotations

from datetime import timedelta

from app.base.works import Payload
from app.extensions.transactions import writing_in_bulk
from app.jobs.services import periodic
from app.ledger import sums


@periodic("ledger.fold", every=timedelta(minutes=1))
def fold(payload: Payload) -> None:
    """Fold fresh postings into the sums, in short batches, until none is left."""
    while True:
        with writing_in_bulk():
            folded = sums.fold()
        if not folded:
            return
