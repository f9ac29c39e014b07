"""What payments tell of recurring payments becomes the state of collections, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from app.base.dates import local_date
from app.base.events import on, publish
from app.direct_debit import collections
from app.direct_debit.events import CollectionsWentWrong
from app.direct_debit.models import Collection
from app.direct_debit.reasons import NOT_SENT, code_in
from app.direct_debit.states import CollectionState
from app.extensions import db
from app.payments.events import CheckoutsEnded, CheckoutsPaid, PaymentsChargedBack
from app.payments.queries import facts_of, returns_of
from app.payments.states import CheckoutState

_AMONG = select(Collection.id).where(Collection.id.in_(bindparam("ids", expanding=True)))


@on(CheckoutsPaid)
def paid(event: CheckoutsPaid) -> None:
    """A recurring payment came in."""
    if known := _collections(event.ids):
        collections.collected(known, local_date(event.at), actor=event.actor, now=event.at)


@on(CheckoutsEnded)
def ended(event: CheckoutsEnded) -> None:
    """A recurring payment failed, or was never made."""
    facts = facts_of(_collections(event.ids))
    codes = {f.id: NOT_SENT if f.state is CheckoutState.EXPIRED else code_in(f.reason) for f in facts}
    moved = collections.move(codes, CollectionState.FAILED, actor=event.actor, now=event.at, reasons=codes)
    publish(CollectionsWentWrong(ids=tuple(moved), actor=event.actor, at=event.at))


@on(PaymentsChargedBack)
def charged_back(event: PaymentsChargedBack) -> None:
    """The donor's bank took a collection back, or gave it again."""
    facts = returns_of(event.ids)
    known = set(_collections([f.checkout_id for f in facts]))
    codes = {f.checkout_id: code_in(f.reason) for f in facts if f.checkout_id in known and f.amount_cents > 0}
    moved = collections.move(codes, CollectionState.RETURNED, actor=event.actor, now=event.at, reasons=codes)
    again = [f.checkout_id for f in facts if f.checkout_id in known and f.amount_cents < 0]
    collections.move(again, CollectionState.COLLECTED, actor=event.actor, now=event.at)
    publish(CollectionsWentWrong(ids=tuple(moved), actor=event.actor, at=event.at))


def _collections(ids: Iterable[int]) -> list[int]:
    return list(db.session.execute(_AMONG, {"ids": list(ids)}).scalars())
