"""The states of a mandate and of a collection, and which may follow which."""

from __future__ import annotations

from app.base.states import N_, Labelled, Transitions


class MandateKind(Labelled):
    PROVIDER = "provider", N_("through the payment provider")
    OWN = "own", N_("our own SEPA mandate")


class MandateState(Labelled):
    PENDING = "pending", N_("Waits for confirmation")
    ACTIVE = "active", N_("Valid")
    SUSPENDED = "suspended", N_("Suspended")
    REVOKED = "revoked", N_("Withdrawn")
    LAPSED = "lapsed", N_("Lapsed")


_M = MandateState
MANDATE_MOVES = Transitions(
    MandateState,
    {
        _M.PENDING: {_M.ACTIVE, _M.REVOKED},
        _M.ACTIVE: {_M.SUSPENDED, _M.REVOKED, _M.LAPSED},
        _M.SUSPENDED: {_M.ACTIVE, _M.REVOKED, _M.LAPSED},
        _M.REVOKED: set(),
        _M.LAPSED: set(),
    },
)


class ConsentHow(Labelled):
    """How somebody gave permission: the evidence when a bank asks for it."""

    FIRST_PAYMENT = "first_payment", N_("by a first payment")
    ONLINE = "online", N_("on our website")
    PAPER = "paper", N_("signed on paper")


class CollectionState(Labelled):
    PLANNED = "planned", N_("Planned")
    SENT = "sent", N_("Under way")
    COLLECTED = "collected", N_("Collected")
    FAILED = "failed", N_("Not collected")
    RETURNED = "returned", N_("Taken back")
    WITHDRAWN = "withdrawn", N_("Not sent")


_C = CollectionState
# Late money is still money: what failed may yet be collected, and a bank may reverse what it took back.
COLLECTION_MOVES = Transitions(
    CollectionState,
    {
        _C.PLANNED: {_C.SENT, _C.WITHDRAWN},
        _C.SENT: {_C.COLLECTED, _C.FAILED},
        _C.COLLECTED: {_C.RETURNED},
        _C.FAILED: {_C.COLLECTED},
        _C.RETURNED: {_C.COLLECTED},
        _C.WITHDRAWN: set(),
    },
)

UNDER_WAY = (_C.PLANNED, _C.SENT)
WENT_WRONG = (_C.FAILED, _C.RETURNED)
