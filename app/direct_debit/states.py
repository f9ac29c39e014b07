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
# Late money is still money: what failed may yet be collected, and a bank may reverse what it took back. What was
# sent is planned again where the batch it was in was cancelled.
COLLECTION_MOVES = Transitions(
    CollectionState,
    {
        _C.PLANNED: {_C.SENT, _C.WITHDRAWN},
        _C.SENT: {_C.COLLECTED, _C.FAILED, _C.PLANNED},
        _C.COLLECTED: {_C.RETURNED},
        _C.FAILED: {_C.COLLECTED},
        _C.RETURNED: {_C.COLLECTED},
        _C.WITHDRAWN: set(),
    },
)

UNDER_WAY = (_C.PLANNED, _C.SENT)
WENT_WRONG = (_C.FAILED, _C.RETURNED)
USED = (_C.COLLECTED, _C.FAILED, _C.RETURNED)  # the bank is through with it
SEEN_BY_BANKS = (_C.SENT, _C.COLLECTED, _C.FAILED, _C.RETURNED)


class BatchState(Labelled):
    """Of a batch of collections by our own mandates."""

    BUILDING = "building", N_("Being put together")
    BUILT = "built", N_("Waits for approval")
    APPROVED = "approved", N_("Approved")
    EXPORTED = "exported", N_("File made")
    SENT = "sent", N_("Sent to the bank")
    BOOKED = "booked", N_("Booked")
    CANCELED = "canceled", N_("Cancelled")
    REFUSED = "refused", N_("Refused by the bank")


_B = BatchState
# A file made may have been sent without anybody saying so: its money is booked all the same. A sent one is
# cancelled only where the bank refused it whole. Where it refused each collection by itself nothing will come.
BATCH_MOVES = Transitions(
    BatchState,
    {
        _B.BUILDING: {_B.BUILT, _B.CANCELED},
        _B.BUILT: {_B.APPROVED, _B.CANCELED},
        _B.APPROVED: {_B.EXPORTED, _B.CANCELED},
        _B.EXPORTED: {_B.SENT, _B.BOOKED, _B.CANCELED, _B.REFUSED},
        _B.SENT: {_B.BOOKED, _B.CANCELED, _B.REFUSED},
        _B.BOOKED: set(),
        _B.CANCELED: set(),
        _B.REFUSED: set(),
    },
)


class LeftOut(Labelled):
    """Why a collection that is due is not in a batch."""

    DECEASED = "deceased", N_("The donor has died.")
    ERASED = "erased", N_("The donor was erased: nothing may be collected.")
    MANDATE = "mandate", N_("The mandate is not valid.")
    USED = "used", N_("The mandate was for one collection, and that was made.")
    LAPSED = "lapsed", N_("The mandate lapsed: it was not used for 36 months. Ask for a new one.")
    ACCOUNT = "account", N_("There is no right account number. Ask the donor for it.")
    ABROAD = "abroad", N_("The account is outside the EEA: banks then need an address and a BIC.")
    NAME = "name", N_("The name on the account has signs that banks do not carry. Correct it.")
    CHANGED = "changed", N_("The account number changed after the batch was built. The next batch takes it.")
    NOT_ACTIVE = "not_active", N_("The recurring gift is paused, on hold or ended.")
    NOT_TOLD = "not_told", N_("The donor was not told of this amount in time.")
    TOO_SOON = "too_soon", N_("It comes within two weeks of another instalment of this gift. A later batch takes it.")
    WITHDRAWN = "withdrawn", N_("It was withdrawn after the batch was built.")


class ReturnState(Labelled):
    """What came of something the bank told."""

    DONE = "done", N_("Dealt with")
    KNOWN = "known", N_("Known already")
    PARKED = "parked", N_("Waits for somebody")
