"""Collections of today go to the provider, one call each, by the way of any other checkout.

The checkout is stored and the collection said to be under way in one transaction, before the call
and with its idempotency key; an answer that cannot be trusted is asked again under the same key
and never becomes a second debit (payments/flow.py).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.base.actor import system
from app.base.dates import local_date
from app.base.errors import DomainError, Refused
from app.base.money import Money
from app.base.states import N_
from app.base.works import Payload, periodic
from app.direct_debit import collections
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import CollectionState, MandateKind, MandateState
from app.extensions import db, now, writing
from app.payments.opening import Draft, draft_checkout
from app.payments.services import begin
from app.payments.states import Sequence
from app.supporters.models import Supporter

SENDER = system("direct debit")
SOURCE = "recurring"  # of the gifts that come of it
METHOD = "directdebit"
_BATCH = 50
_RUN = 500  # in one run of the job; the rest goes minutes later
_GIVE_UP = 3  # answers missing in a row: the provider is down


@periodic("direct_debit.send", every=timedelta(minutes=5))
def send(_: Payload) -> None:
    """Send what is to be collected today or was before, oldest first."""
    sent = missing = 0
    while sent < _RUN and missing < _GIVE_UP:
        due = _due(local_date(now()))
        if not due:
            return
        for row in due:
            missing = 0 if _send(row, now()) else missing + 1
            sent += 1
            if missing >= _GIVE_UP:
                log.warning("collections: the provider gives no answer; going on later")
                return


log = logging.getLogger(__name__)
_COLUMNS = (
    Collection.id, Collection.amount_cents, Collection.programme_id, Collection.campaign_id, Mandate.provider,
    Mandate.customer_key, Mandate.mandate_key, Mandate.state, Mandate.language, Supporter.is_deceased,
    Supporter.anonymised_at,
)  # fmt: skip


def _due(today: Any) -> list[Any]:
    rows = db.session.execute(
        select(*_COLUMNS)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .join(Supporter, Supporter.id == Mandate.supporter_id)
        .where(
            Collection.state == CollectionState.PLANNED,
            Collection.collect_on <= today,
            Mandate.kind == MandateKind.PROVIDER,
        )
        .order_by(Collection.collect_on, Collection.id)
        .limit(_BATCH)
    ).all()
    db.session.rollback()
    return list(rows)


def _send(row: Any, at: datetime) -> bool:
    """Send one; False when the provider gave no sure answer."""
    if row.state is not MandateState.ACTIVE or row.mandate_key is None or row.is_deceased or row.anonymised_at:
        with writing():
            collections.move([row.id], CollectionState.WITHDRAWN, actor=SENDER, now=at, note="no valid mandate")
        return True
    try:
        return begin(_draft(row, at), now=at, alongside=lambda: _mark_sent(row.id, at)).sure
    except DomainError as error:
        log.warning("collection %d was not sent: %s", row.id, error)
        return False


def _draft(row: Any, at: datetime) -> Draft:
    return draft_checkout(
        row.id, amount=Money(row.amount_cents), method=METHOD, provider=row.provider, details={"source": SOURCE},
        language=row.language, now=at, programme_id=row.programme_id, campaign_id=row.campaign_id,
        sequence=Sequence.RECURRING, customer_key=row.customer_key, mandate_key=row.mandate_key,
    )  # fmt: skip


def _mark_sent(collection_id: int, at: datetime) -> None:
    """Under way, unless somebody withdrew it or another sender was first: then nothing is stored either."""
    if not collections.move([collection_id], CollectionState.SENT, actor=SENDER, now=at):
        raise Refused(N_("This collection is no longer planned."))
