"""What the page after a gift says. It may be shared or printed: it holds no name and no address."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from app.base.actor import system
from app.base.dates import format_long_date, local_date
from app.base.money import Money, format_money
from app.base.references import code_of, in_fours, payment_number_of, rf_of
from app.base.states import N_
from app.extensions import db
from app.gifts.models import Gift, GiftState
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.states import ONCE
from app.organisation.queries import Profile
from app.payments.models import Checkout
from app.payments.services import reach
from app.payments.states import UNFINISHED, CheckoutState
from app.ui import qr

ASK_EVERY = 3.0  # seconds between two questions to the provider about one checkout
JUST_TRIED = timedelta(seconds=10)  # after a call without an answer: the donor does not wait for a second one
_REMEMBERED = 2000

_S = CheckoutState
_RETURNED = (GiftState.REFUNDED, GiftState.CHARGED_BACK)
_TITLES = {
    _S.PAID: N_("Thank you for your gift"),
    _S.PROMISED: N_("Your gift is nearly there"),
    _S.PENDING: N_("Your payment is under way"),
    _S.OPEN: N_("One moment"),
    _S.FAILED: N_("The payment did not succeed"),
    _S.CANCELED: N_("You stopped the payment"),
    _S.EXPIRED: N_("The payment took too long"),
}
_KINDS = {_S.PAID: "paid", _S.PROMISED: "transfer", _S.PENDING: "pending", _S.OPEN: "open"}
_REASONS = {
    _S.FAILED: N_("Your bank or card company did not let the payment pass."),
    _S.CANCELED: N_("You went back before the payment was done."),
    _S.EXPIRED: N_("The payment was not finished in time."),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One checkout as the page needs it."""

    id: int
    state: CheckoutState
    method: str
    amount_cents: int
    pay_url: str | None
    created_at: datetime
    paid_at: datetime | None

    returned: bool = False  # paid, and all of it went back since
    frequency: str = ONCE
    next_on: date | None = None  # when the next one of a recurring gift is collected

    @property
    def kind(self) -> str:
        return "returned" if self.returned else _KINDS.get(self.state, "failed")

    @property
    def title(self) -> str:
        if self.returned:
            return str(_("Your gift was paid back"))
        return str(_(_TITLES[self.state]))

    @property
    def reason(self) -> str:
        if self.state is _S.FAILED and self.pay_url is None:  # refused before there was anything to pay
            return str(_("Our payment service does not take this payment in this way, perhaps because of the amount."))
        return str(_(_REASONS[self.state])) if self.state in _REASONS else ""

    def was_just_tried(self, now: datetime) -> bool:
        """Whether the provider, asked for this payment a moment ago, gave no answer: there is nowhere to pay yet."""
        return self.pay_url is None and now - self.created_at < JUST_TRIED

    def refresh_seconds(self, now: datetime) -> int | None:
        """How soon the page looks again: soon at first, then slower, and not for ever."""
        age = now - self.created_at
        if self.state not in UNFINISHED or age > timedelta(minutes=30):
            return None
        return 4 if age < timedelta(minutes=3) else 20


def result_of(checkout_id: int, *, now: datetime) -> Result | None:
    """What is known of this checkout; while it is unfinished the provider is asked first."""
    found = _read(checkout_id)
    if found is not None and found.state in UNFINISHED and not found.was_just_tried(now) and _may_ask(checkout_id):
        reach([checkout_id], actor=system("return page"), now=now)
        found = _read(checkout_id)
    return found


def _read(checkout_id: int) -> Result | None:
    db.session.rollback()
    row = db.session.execute(
        select(
            Checkout.id, Checkout.state, Checkout.method, Checkout.amount_cents, Checkout.pay_url,
            Checkout.created_at, Checkout.paid_at, Gift.state.in_(_RETURNED),
            Commitment.frequency, Commitment.collect_on,
        )
        .outerjoin(Gift, Gift.id == Checkout.id)
        .outerjoin(Commitment, Commitment.id == Checkout.id)
        .where(Checkout.id == checkout_id)
    ).first()  # fmt: skip
    if row is None:
        return None
    frequency = row.frequency.value if row.frequency else ONCE
    return Result(*row[:7], returned=bool(row[7]), frequency=frequency, next_on=row.collect_on)


_asked: OrderedDict[int, float] = OrderedDict()
_lock = threading.Lock()


def _may_ask(checkout_id: int) -> bool:
    """Whether the provider may be asked again; kept by each process for itself, which is polite enough."""
    at = time.monotonic()
    with _lock:
        if at - _asked.get(checkout_id, -ASK_EVERY) < ASK_EVERY:
            return False
        _asked[checkout_id] = at
        _asked.move_to_end(checkout_id)
        if len(_asked) > _REMEMBERED:
            _asked.popitem(last=False)
        return True


def facts(result: Result, profile: Profile, language: str) -> list[tuple[str, str]]:
    """(label, value) of what the donor may want to keep."""
    amount = (_("Amount"), format_money(result.amount_cents, language))
    if result.kind == "transfer":
        account = profile.gift_account
        return [
            amount,
            ("IBAN", account.iban_spaced if account else ""),
            (_("In the name of"), account.holder if account else ""),
            (_("Reference"), in_fours(rf_of(result.id))),
            (_("Or in 16 digits"), in_fours(payment_number_of(result.id))),
        ]
    day = local_date(result.paid_at or result.created_at)
    return [amount, (_("Date"), format_long_date(day, language)), (_("Reference"), code_of(result.id))]


def transfer_text(result: Result, profile: Profile) -> str | None:
    """What the QR code of a transfer holds (EPC069-12, DOMAIN.md 6); None where there is nothing to transfer."""
    account = profile.gift_account
    if result.kind != "transfer" or account is None:
        return None
    amount = f"EUR{Money(result.amount_cents).value}"
    version, utf8, purpose = "002", "1", ""
    lines = ["BCD", version, utf8, "SCT", account.bic or "", account.holder[:70], account.iban, amount, purpose]
    return "\n".join([*lines, rf_of(result.id)])


def transfer_code(result: Result, profile: Profile) -> str | None:
    """That code as the address of an image."""
    text = transfer_text(result, profile)
    return qr.image_of(text) if text is not None else None
