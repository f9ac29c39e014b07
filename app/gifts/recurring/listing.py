"""The lists of recurring gifts and of collections that went wrong: what a search and its filters ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import aliased

from app.base.references import id_of
from app.base.states import N_
from app.direct_debit import collections
from app.direct_debit.models import Collection, CollectionKey, Mandate
from app.direct_debit.queries import WAITING
from app.direct_debit.reasons import REASONS, UNKNOWN, WITHOUT_RETRY, Action, codes_of
from app.direct_debit.states import UNDER_WAY, CollectionState, LeftOut, MandateKind, MandateState
from app.extensions import db
from app.gifts import listing
from app.gifts.recurring.amounts import amount_on, next_amounts
from app.gifts.recurring.models import Commitment
from app.gifts.recurring.notices import unannounced
from app.gifts.recurring.states import CommitmentState, Frequency
from app.supporters.models import Supporter
from app.ui import lists

SORTS: Mapping[str, lists.Sort] = {
    "next": lists.Sort(N_("Next collection"), (lists.asc(Commitment.collect_on),)),
    "begun": lists.Sort(N_("Begun"), (lists.desc(Commitment.started_on),)),
}
FAILED_SORTS: Mapping[str, lists.Sort] = {"when": lists.Sort(N_("Collected on"), (lists.desc(Collection.collect_on),))}
_EXPORTED = 500  # rows read at once


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the list; everything may be left out. `untold_until`: those that still must be told by then."""

    q: str = ""
    state: str = ""
    frequency: str = ""
    kind: str = ""
    supporter_id: int | None = None
    untold_until: date | None = None

    def clauses(self) -> list[ColumnElement[bool]]:
        """What a recurring gift must be. Asks the database for the donors that `q` means."""
        equal = (
            (Commitment.state, self.state or None), (Commitment.frequency, self.frequency or None),
            (Mandate.kind, MandateKind(self.kind) if self.kind else None), (Commitment.supporter_id, self.supporter_id),
        )  # fmt: skip
        clauses = [column == value for column, value in equal if value is not None]
        if self.untold_until:
            clauses.append(unannounced(self.untold_until))
        return [*clauses, self._searched()] if self.q else clauses

    def _searched(self) -> ColumnElement[bool]:
        row_id = id_of(self.q)
        if row_id is not None:
            return (Commitment.id == row_id) | (Commitment.supporter_id == row_id)
        found = listing.donors(self.q)
        return Commitment.supporter_id.in_(found) if found else false()


def rows(clauses: list[ColumnElement[bool]]) -> Any:
    """Recurring gifts with the donor's name and the kind of mandate, to be paged."""
    return (
        select(Commitment, Supporter.display_name, Mandate.kind)
        .join(Supporter, Supporter.id == Commitment.supporter_id)
        .outerjoin(Mandate, Mandate.id == Commitment.mandate_id)
        .where(*clauses)
    )


def exported(clauses: list[ColumnElement[bool]]) -> Iterator[tuple[Any, ...]]:
    """All of them for a sheet, some at a time: (code, donor, state, frequency, day, amount, next, begun, mandate)."""
    last = 0
    while True:
        page = db.session.execute(rows([*clauses, Commitment.id > last]).order_by(Commitment.id).limit(_EXPORTED)).all()
        amounts = next_amounts([row.Commitment.id for row in page])
        for c, name, kind in page:
            yield c.id, name, c.state, c.frequency, c.day, amounts.get(c.id), c.collect_on, c.started_on, kind
        db.session.rollback()
        if len(page) < _EXPORTED:
            return
        last = page[-1].Commitment.id


def unplanned(until: date, *, once: bool) -> list[tuple[LeftOut, int]]:
    """How many active gifts by our own mandates (those for one collection, or the others) were due by this day and
    were not planned, and why: what planning itself asks for, in planning.py."""
    invalid = func.count().filter(Mandate.state != MandateState.ACTIVE)
    due = (
        select(func.count(), invalid)
        .select_from(Commitment)
        .join(Mandate, Mandate.id == Commitment.mandate_id)
        .join(Supporter, Supporter.id == Commitment.supporter_id)
        .where(
            Commitment.state == CommitmentState.ACTIVE, Commitment.collect_on <= until,
            Mandate.kind == MandateKind.OWN, Mandate.once.is_(once),
            Supporter.is_deceased.is_(False), Supporter.anonymised_at.is_(None),
            ~((Commitment.frequency == Frequency.ONCE) & collections.was_planned(Commitment.id)),
        )
    )  # fmt: skip
    total, wrong = db.session.execute(due).one()
    return [(LeftOut.NOT_TOLD, total - wrong), (LeftOut.MANDATE, wrong)]


def waiting(state: str = "", action: str = "", kind: str = "") -> Any:
    """Collections that went wrong and that nobody dealt with, with their recurring gift and donor, and whether
    another attempt goes on; of a state, of what is to be done and of a kind of mandate where these are given."""
    clauses: list[ColumnElement[bool]] = [WAITING]
    goes_on = _goes_on()
    if state:
        clauses.append(Collection.state == CollectionState(state))
    if action:
        clauses.append(_with_action(Action(action), goes_on))
    if kind:
        clauses.append(Mandate.kind == MandateKind(kind))
    return (
        select(Collection, Commitment, Supporter.display_name, goes_on.label("goes_on"))
        .join(Commitment, Commitment.id == Collection.commitment_id)
        .join(Supporter, Supporter.id == Commitment.supporter_id)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(*clauses)
    )


def _goes_on() -> ColumnElement[bool]:
    """Whether another attempt at a collection is planned or under way."""
    later = aliased(Collection)
    key = select(CollectionKey.id).join(later, later.id == CollectionKey.id).where(
        CollectionKey.commitment_id == Collection.commitment_id, CollectionKey.period == Collection.period,
        CollectionKey.attempt > Collection.attempt, later.state.in_(UNDER_WAY),
    )  # fmt: skip
    return key.correlate(Collection).exists()


def _with_action(action: Action, goes_on: ColumnElement[bool]) -> ColumnElement[bool]:
    code = Collection.reason_code
    known = code.in_(codes_of(action))
    if action in WITHOUT_RETRY:
        return known & goes_on
    found = [known, *(code.in_(codes_of(each)) & ~goes_on for each, to in WITHOUT_RETRY.items() if to is action)]
    return or_(*found, code.is_(None), code.not_in(REASONS)) if action is UNKNOWN.action else or_(*found)


def of_supporter(supporter_id: int) -> list[tuple[Commitment, int]]:
    """A supporter's recurring gifts with what each gives next, newest first."""
    found = db.session.execute(
        select(Commitment, amount_on(Commitment.next_on))
        .where(Commitment.supporter_id == supporter_id)
        .order_by(Commitment.id.desc())
        .limit(20)
    ).all()
    return [(row[0], row[1]) for row in found]


def collections_of_supporter(supporter_id: int, limit: int = 8) -> list[Collection]:
    """The newest collections by any mandate of this supporter."""
    wanted = (
        select(Collection)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(Mandate.supporter_id == supporter_id)
        .order_by(Collection.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(wanted))
