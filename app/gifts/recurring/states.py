"""How often, in which state, and why it ended: the words of a commitment."""

from __future__ import annotations

from app.base.states import N_, Labelled, Transitions

ONCE = "once"  # what a form says of a gift that does not recur


class Frequency(Labelled):
    MONTHLY = "monthly", N_("Monthly")
    QUARTERLY = "quarterly", N_("Quarterly")
    YEARLY = "yearly", N_("Yearly")
    ONCE = ONCE, N_("Once")

    @property
    def months(self) -> int:
        """Months from one collection to the next; of a single one, by which it moves when it is put off."""
        return {"monthly": 1, "quarterly": 3, "yearly": 12, ONCE: 1}[self.value]


class CommitmentState(Labelled):
    PENDING = "pending", N_("Waits for the mandate")
    ACTIVE = "active", N_("Active")
    PAUSED = "paused", N_("Paused")
    ON_HOLD = "on_hold", N_("Waits for the donor")
    ENDED = "ended", N_("Ended")


_S = CommitmentState
# On hold: a collection failed in a way that only the donor can mend. What ended begins anew as another.
MOVES = Transitions(
    CommitmentState,
    {
        _S.PENDING: {_S.ACTIVE, _S.ON_HOLD, _S.ENDED},
        _S.ACTIVE: {_S.PAUSED, _S.ON_HOLD, _S.ENDED},
        _S.PAUSED: {_S.ACTIVE, _S.ON_HOLD, _S.ENDED},
        _S.ON_HOLD: {_S.ACTIVE, _S.PAUSED, _S.ENDED},
        _S.ENDED: set(),
    },
)


class EndReason(Labelled):
    DONOR = "donor", N_("the donor asked for it")
    MONEY = "money", N_("the donor cannot afford it now")
    UNHAPPY = "unhappy", N_("the donor is not satisfied")
    DECEASED = "deceased", N_("the donor has died")
    ERASED = "erased", N_("the donor's data were erased")
    FAILED = "failed", N_("collecting failed")
    REPLACED = "replaced", N_("another recurring gift took its place")
    DONE = "done", N_("it was collected, once")
    OTHER = "other", N_("another reason")


class ChangeKind(Labelled):
    STARTED = "started", N_("began")
    MANDATE = "mandate", N_("another mandate")
    AMOUNT = "amount", N_("another amount")
    DAY = "day", N_("another day")
    PAUSED = "paused", N_("paused")
    RESUMED = "resumed", N_("resumed")
    SKIPPED = "skipped", N_("skipped once")
    HELD = "held", N_("waits for the donor")
    NOTICE = "notice", N_("announced")
    ENDED = "ended", N_("ended")
