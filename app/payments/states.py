"""The states of a checkout and of money that moved, and which may follow which."""

from __future__ import annotations

from app.base.states import N_, Labelled, Transitions


class CheckoutState(Labelled):
    OPEN = "open", N_("Not finished")
    PENDING = "pending", N_("Being processed")
    PROMISED = "promised", N_("Promised")
    PAID = "paid", N_("Paid")
    FAILED = "failed", N_("Failed")
    CANCELED = "canceled", N_("Cancelled")
    EXPIRED = "expired", N_("Expired")


_S = CheckoutState

# What a provider's truth, or finance by hand, may make of a checkout. A state that is not allowed
# here is old news: webhooks come twice and out of order. Late money is still money, so the three
# bad endings may yet become paid; paid goes back to promised only when finance undoes a transfer.
MOVES = Transitions(
    CheckoutState,
    {
        _S.OPEN: {_S.PENDING, _S.PAID, _S.FAILED, _S.CANCELED, _S.EXPIRED},
        _S.PENDING: {_S.PAID, _S.FAILED, _S.CANCELED, _S.EXPIRED},
        _S.PROMISED: {_S.PAID, _S.CANCELED},
        _S.PAID: {_S.PROMISED},
        _S.FAILED: {_S.PAID},
        _S.CANCELED: {_S.PAID},
        _S.EXPIRED: {_S.PAID},
    },
)

UNPAID = (_S.OPEN, _S.PENDING, _S.FAILED, _S.CANCELED, _S.EXPIRED)
UNFINISHED = (_S.OPEN, _S.PENDING)
ENDED_BADLY = (_S.FAILED, _S.CANCELED, _S.EXPIRED)


class Sequence(Labelled):
    """Where a payment stands in a row of payments: by itself, the first that makes a mandate, or collected by one."""

    ONE_OFF = "oneoff", N_("Once")
    FIRST = "first", N_("First of a recurring gift")
    RECURRING = "recurring", N_("Recurring")


class PaymentState(Labelled):
    RECEIVED = "received", N_("Received")
    PARTLY_RETURNED = "partly_returned", N_("Partly returned")
    RETURNED = "returned", N_("Returned")
    UNDONE = "undone", N_("Undone")


class PaymentEventKind(Labelled):
    REFUND = "refund", N_("Refund")
    CHARGEBACK = "chargeback", N_("Chargeback")


class RefundState(Labelled):
    """How far a refund that staff asked for has come. Booked is only what the provider confirms."""

    ASKED = "asked", N_("Asked of the provider")
    ACCEPTED = "accepted", N_("Under way")
    DONE = "done", N_("Sent back")
    REFUSED = "refused", N_("Refused by the provider")
    FAILED = "failed", N_("Failed after all")


_R = RefundState
REFUND_MOVES = Transitions(
    RefundState,
    {
        _R.ASKED: {_R.ACCEPTED, _R.REFUSED},
        _R.ACCEPTED: {_R.DONE, _R.FAILED},
        _R.DONE: {_R.FAILED},  # a bank may send it back: the account was closed
        _R.REFUSED: set(),
        _R.FAILED: set(),
    },
)
UNSETTLED_REFUNDS = (_R.ASKED, _R.ACCEPTED)  # they take up room of the payment until they are booked


class Problem(Labelled):
    """Why a provider's word was not booked: people look at it first."""

    AMOUNT = "amount", N_("The amount differs from what was asked")
    CURRENCY = "currency", N_("The currency differs from what was asked")
    MODE = "mode", N_("Test and live are mixed up")
    PROFILE = "profile", N_("It belongs to another profile of the provider")
    TWICE = "twice", N_("The provider has a second payment for the same gift")
    RETURNS = "returns", N_("What was returned does not add up")
    ORPHAN = "orphan", N_("Money was received for a form that is no longer known")
