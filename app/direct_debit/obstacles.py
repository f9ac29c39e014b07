"""Why a collection that is due may not be made after all: the mandate, the account, the donor, and what rooms
above know of what it is collected for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from app.base.dates import add_months
from app.base.errors import Invalid
from app.base.iban import check_iban
from app.direct_debit.batch_models import DebitBatch, DebitItem
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.pain.signs import NAME, carried
from app.direct_debit.states import SEEN_BY_BANKS, CollectionState, LeftOut, MandateState
from app.extensions import db
from app.supporters.models import Supporter
from app.vault.services import unseal

LAPSE_MONTHS = 36
APART = timedelta(days=14)  # the least between two collections of one commitment
# Of the EEA: here the number alone is enough (DOMAIN.md 1.4).
EEA = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be collected, for rooms above to look at."""

    collection_id: int
    commitment_id: int
    cents: int


Look = Callable[[Sequence[Wish], date], Mapping[int, LeftOut]]
_looks: list[Look] = []


def obstacle(look: Look) -> Look:
    """Register a look: of these wishes and this day it gives what may not be collected, by collection, and why."""
    if look not in _looks:
        _looks.append(look)
    return look


COLUMNS = (
    Collection.id, Collection.commitment_id, Collection.amount_cents, Collection.state, Mandate.id.label("mandate_id"),
    Mandate.state.label("mandate_state"), Mandate.signed_on, Mandate.last_collected_on, Mandate.iban_lookup,
    Mandate.iban_sealed, Mandate.holder_sealed, Mandate.once, Supporter.is_deceased, Supporter.anonymised_at,
)  # fmt: skip


def candidates() -> Any:
    """Collections with what `look_at` asks of each."""
    return (
        select(*COLUMNS)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .join(Supporter, Supporter.id == Mandate.supporter_id)
    )


def look_at(rows: Sequence[Any], on: date, *, accounts: bool) -> dict[int, LeftOut]:
    """Which of these may not be collected on this day, and why. `accounts`: open and check number and name too."""
    found: dict[int, LeftOut] = _used(rows)
    for row in rows:
        wrong = found.get(row.id) or _of_mandate(row, on) or (_of_account(row) if accounts else None)
        if wrong is not None:
            found[row.id] = wrong
    wishes = [Wish(row.id, row.commitment_id, row.amount_cents) for row in rows if row.id not in found]
    for look in _looks if wishes else ():
        for collection_id, wrong in look(wishes, on).items():
            found.setdefault(collection_id, wrong)
    return found


def _used(rows: Sequence[Any]) -> dict[int, LeftOut]:
    """Those whose mandate is for one collection, where another was made by it, or comes before it here."""
    once = {row.id: row.mandate_id for row in rows if row.once}
    if not once:
        return {}
    made = select(Collection.mandate_id, Collection.id).where(
        Collection.mandate_id.in_(set(once.values())), Collection.state.in_((*SEEN_BY_BANKS, CollectionState.PLANNED))
    )
    first: dict[int, tuple[bool, int]] = {}
    for mandate_id, row_id, seen in db.session.execute(made.add_columns(Collection.state.in_(SEEN_BY_BANKS))):
        first[mandate_id] = min(first.get(mandate_id, (True, row_id)), (not seen, row_id))
    return {row_id: LeftOut.USED for row_id, mandate_id in once.items() if first[mandate_id][1] != row_id}


def too_soon(rows: Sequence[Any], on: date) -> dict[int, LeftOut]:
    """Of these, oldest first, those that come too near another of the same commitment: nobody is debited two at once
    because a batch was late. In one batch there is one of each; in others, within `APART` of this day, none, but for
    other attempts, whose day is told by itself. `rows` have `attempt` too."""
    there = (
        select(Collection.commitment_id, Collection.attempt, DebitBatch.collect_on)
        .join(DebitItem, DebitItem.collection_id == Collection.id)
        .join(DebitBatch, DebitBatch.id == DebitItem.batch_id)
        .where(
            Collection.commitment_id.in_({row.commitment_id for row in rows}), DebitItem.live,
            Collection.state.in_((CollectionState.PLANNED, CollectionState.SENT, CollectionState.COLLECTED)),
            DebitBatch.collect_on.between(on - APART + timedelta(days=1), on + APART - timedelta(days=1)),
        )
    )  # fmt: skip
    near = {tuple(row) for row in db.session.execute(there)}
    at_once = {commitment_id for commitment_id, _, day in near if day == on}
    firsts = {commitment_id for commitment_id, attempt, _ in near if attempt == 1}
    found: dict[int, LeftOut] = {}
    for row in rows:
        if row.commitment_id in at_once or (row.attempt == 1 and row.commitment_id in firsts):
            found[row.id] = LeftOut.TOO_SOON
        at_once.add(row.commitment_id)
    return found


def _of_mandate(row: Any, on: date) -> LeftOut | None:
    if row.anonymised_at is not None:
        return LeftOut.ERASED
    if row.is_deceased:
        return LeftOut.DECEASED
    if row.mandate_state is MandateState.LAPSED or (
        row.mandate_state is MandateState.ACTIVE
        and (row.last_collected_on or row.signed_on) < add_months(on, -LAPSE_MONTHS)
    ):
        return LeftOut.LAPSED
    if row.mandate_state is not MandateState.ACTIVE:
        return LeftOut.MANDATE
    return None if row.iban_lookup else LeftOut.ACCOUNT


def _of_account(row: Any) -> LeftOut | None:
    try:
        iban = check_iban(unseal(row.iban_sealed, f"mandate iban:{row.mandate_id}"))
    except Invalid:
        return LeftOut.ACCOUNT
    if iban[:2] not in EEA:
        return LeftOut.ABROAD
    try:
        carried(unseal(row.holder_sealed, f"mandate holder:{row.mandate_id}") if row.holder_sealed else "", NAME)
    except Invalid:
        return LeftOut.NAME
    return None
