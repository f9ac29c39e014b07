"""What a stranger may set going without paying: a mandate, a transfer that is announced.

Both make a donor and send a mail at once, on a name, account and mailbox that nobody checked yet. So they are
counted from one visitor, on one account or mailbox, and of all donors together; staff are told of a flood, and the
pause ends by itself once it is quiet. A limit that cannot be counted raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.base.errors import TooMany
from app.base.states import N_
from app.extensions import limits, writing
from app.payments.alerts import tell_flood

MOST, WINDOW = 10, 3600  # from one visitor
MOST_OF_NAMED, DAY = 10, 86_400  # on one account, or for one mailbox
MOST_OF_ALL, MINUTES = 200, 600


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` begins the names of the counts; `template` is the mail that tells staff, `paused` what donors read."""

    name: str
    template: str
    paused: str


MANDATES = Kind(
    "mandate", "payments/mandate_flood",
    N_("Very many mandates are given just now. Choose another method, or try again in a quarter of an hour."),
)  # fmt: skip
TRANSFERS = Kind(
    "transfer", "payments/transfer_flood",
    N_("Very many transfers are announced just now. Choose another method, or try again in a quarter of an hour."),
)  # fmt: skip


def stop(kind: Kind, named: str, *, visitor: str, at: datetime) -> None:
    """Count one; raise TooMany where it is one too many. `named` is the account or the mailbox."""
    limits.hit(f"{kind.name} online", visitor, MOST, WINDOW)
    limits.hit(f"{kind.name} named", named, MOST_OF_NAMED, DAY)
    try:
        limits.hit(f"{kind.name}s online", "all", MOST_OF_ALL, MINUTES)
    except TooMany as error:
        with writing():
            tell_flood(kind.template, MOST_OF_ALL, now=at)
        paused = TooMany(kind.paused)
        paused.retry_after = error.retry_after
        raise paused from None
