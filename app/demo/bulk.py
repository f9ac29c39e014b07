"""Loading supporters and gifts of any number, in set-based batches, each whole."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from app.base.actor import system
from app.base.dates import days, local_date
from app.demo.people import giving_of, people
from app.extensions import writing
from app.gifts import services as gifts
from app.gifts import totals
from app.ledger import sums
from app.ledger.rj import RjLine
from app.programmes.queries import active_programmes
from app.supporters.services import create_people

BATCH = 250
LOADER = system("demo")


def load_supporters(count: int, seed: int, *, now: datetime) -> Iterator[int]:
    """Make `count` invented supporters with five gifts each on average; yields after each batch how many."""
    draw = random.Random(seed + 1)
    yesterday = local_date(now) - days(1)  # what comes in today is on the bank statement
    purposes = [None, None, *(programme.id for programme in active_programmes())]
    drafts = people(count, seed)
    while batch := list(islice(drafts, BATCH)):
        giving = [giving_of(draw, yesterday) for _ in batch]
        with writing():
            ids = create_people(batch, actor=LOADER, now=now, look_for_doubles=False)
            gifts.make(
                [
                    gifts.NewGift(
                        supporter_id=supporter_id,
                        amount_cents=amount.cents,
                        gift_date=day,
                        method=method,
                        source="demo",
                        rj_line=RjLine.INDIVIDUALS,
                        via="bank",
                        programme_id=draw.choice(purposes),
                    )
                    for supporter_id, given in zip(ids, giving, strict=True)
                    for day, amount, method in given
                ],
                actor=LOADER,
                now=now,
            )
            totals.fold(5000)
            sums.fold(5000)
        yield len(batch)
