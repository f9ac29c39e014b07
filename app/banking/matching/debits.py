"""Our own direct debits on the statement: batches credited as one sum or one by one, and what banks took back.

The gifts of collections stand on the clearing account of direct debits; what is seen on the bank moves it from
there. So an explanation here never makes a gift twice, and undoing it leaves gifts and batches as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from app.banking.match_models import BankMatch, MatchKind
from app.banking.matching.facts import Facts, Proposal, Reason
from app.base.actor import Actor
from app.base.errors import Refused
from app.base.references import code_of, id_of
from app.base.states import N_
from app.direct_debit import batches, booking, returning
from app.direct_debit.batch_models import DebitBatch, DebitItem
from app.direct_debit.models import Collection, Mandate
from app.direct_debit.states import BatchState, CollectionState, MandateKind
from app.extensions import db

Found = dict[int, list[Proposal]]
_CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}")
_BATCH = re.compile(rf"DD-{_CODE.pattern}")
_AT_BANK = (BatchState.EXPORTED, BatchState.SENT, BatchState.BOOKED)
_CAME = (CollectionState.SENT, CollectionState.COLLECTED)


def find_batches(lines: Sequence[Facts], owners: dict[int, list[Any]]) -> Found:
    """By the reference we gave the batch (PmtInfId) or its file (MsgId), also where the bank has it in its text."""
    told = {line.id: _batch_references(line) for line in lines if line.cents > 0}
    wanted = set().union(*told.values())
    if not wanted:
        return {}
    rows = db.session.execute(
        select(DebitBatch.id, DebitBatch.reference)
        .where(DebitBatch.reference.in_(wanted), DebitBatch.state.in_(_AT_BANK))
    )  # fmt: skip
    known = {row.reference: row.id for row in rows}
    taken = seen(MatchKind.DEBIT_BATCH, known.values()) | _in_parts(known.values())
    free = {reference: row_id for reference, row_id in known.items() if row_id not in taken}
    comes_to = booking.expected(free.values())
    found: Found = {}
    for line in lines:
        mine = [free[reference] for reference in told.get(line.id, ()) if reference in free]
        if len(mine) == 1:
            found[line.id] = [_batch(line, mine[0], comes_to[mine[0]])]
    return found


def _batch_references(line: Facts) -> set[str]:
    told = {each.upper().removeprefix("M") for each in (line.batch, line.reference, line.end_to_end) if each}
    if "DD-" in line.party.text.upper():
        told.update(_BATCH.findall(_unbroken(line)))
    return told


def _unbroken(line: Facts) -> str:
    """The text without the spaces at which banks break it."""
    return "".join(line.party.text.upper().split())


def _batch(line: Facts, batch_id: int, expected: int) -> Proposal:
    same = expected == line.cents
    reasons = [Reason(N_("The reference is that of a batch of direct debits."))]
    if not same:
        reasons.append(
            Reason(N_("The batch comes to %(left)s: read in first what the bank refused of it."), {"left": expected})
        )
    return Proposal(
        kind=MatchKind.DEBIT_BATCH, target_id=batch_id, cents=line.cents, score=100 if same else 60, exact=same,
        blocked=not same, reasons=tuple(reasons), label=code_of(batch_id),
    )  # fmt: skip


def find_collections(lines: Sequence[Facts], owners: dict[int, list[Any]]) -> Found:
    """By the EndToEndId of one collection, where the bank credits each apart."""
    ids = {line.id: row_id for line in lines if line.cents > 0 and (row_id := id_of(line.end_to_end)) is not None}
    if not ids:
        return {}
    rows = db.session.execute(
        select(Collection.id, Collection.amount_cents, Mandate.reference)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(Collection.id.in_(ids.values()), Mandate.kind == MandateKind.OWN, Collection.state.in_(_CAME))
    )
    known = {row.id: row for row in rows}
    taken = seen(MatchKind.COLLECTION, known) | _in_batches(known)
    said = Reason(N_("The reference is that of a direct debit."))
    return {
        line.id: [
            Proposal(
                kind=MatchKind.COLLECTION, target_id=row_id, cents=line.cents, score=100, exact=True, reasons=(said,),
                label=known[row_id].reference,
            )
        ]
        for line in lines
        if (row_id := ids.get(line.id, 0)) in known and row_id not in taken
        and known[row_id].amount_cents == line.cents
    }  # fmt: skip


def find_returns(lines: Sequence[Facts]) -> Found:
    """Money that went out because a direct debit was taken back."""
    out = {line.id: _told(line) for line in lines if line.is_return and line.cents < 0}
    if not out:
        return {}
    placed = returning.place(list(out.values()))
    sure = {line_id: placed[told.key][0] for line_id, told in out.items() if not placed[told.key][1]}
    taken = seen(MatchKind.TAKEN_BACK, [row_id for row_id in sure.values() if row_id])
    found: Found = {}
    for line in lines:
        row_id = sure.get(line.id)
        if row_id is not None and row_id not in taken:
            taken.add(row_id)  # of two lines that say so, the second is looked at by somebody
            reasons = [Reason(N_("The bank took back the direct debit with this reference."))]
            found[line.id] = [
                Proposal(
                    kind=MatchKind.TAKEN_BACK, target_id=row_id, cents=line.cents, score=100, exact=True,
                    reasons=tuple(reasons), label=code_of(row_id),
                )
            ]  # fmt: skip
    return found


def book(made: Sequence[tuple[Facts, Proposal]], *, actor: Actor, now: Any) -> None:
    """Collect, or take back, what these lines show, as far as that is news. Raises Refused where something was seen
    on a statement already, and what direct debit raises."""
    kinds: dict[MatchKind, list[tuple[Facts, Proposal]]] = {}
    for line, what in made:
        kinds.setdefault(what.kind, []).append((line, what))
    for line, what in kinds.get(MatchKind.DEBIT_BATCH, []):
        batch = batches.locked(what.target_id or 0)
        if batch.state is not BatchState.BOOKED:
            credit = booking.Credit(reference=batch.reference, cents=what.cents, on=line.day)
            booking.booked([credit], actor=actor, now=now)
        elif booking.expected_cents(batch.id) != what.cents:
            raise Refused(N_("This batch comes to another amount."))
        _once(MatchKind.DEBIT_BATCH, [batch.id])
    came = kinds.get(MatchKind.COLLECTION, [])
    if came:
        booking.collect_apart([(what.target_id or 0, line.day) for line, what in came], actor=actor, now=now)
        _once(MatchKind.COLLECTION, [what.target_id for _, what in came])
    back = kinds.get(MatchKind.TAKEN_BACK, [])
    if back:
        for outcome in returning.returned([_told(line) for line, _ in back], actor=actor, now=now):
            if outcome.why:
                raise Refused(outcome.why)
        _once(MatchKind.TAKEN_BACK, [what.target_id for _, what in back])


def _told(line: Facts) -> returning.Told:
    return returning.Told(
        key=f"bank line {line.id}", source="bank statement", on=line.day, settled=True,
        code=line.return_reason or None, cents=abs(line.cents), end_to_end=_end_to_end(line), mandate=line.mandate,
        batch=line.batch,
    )  # fmt: skip


def _end_to_end(line: Facts) -> str:
    """Of what was taken back: where the bank has text alone, the one code of ours in it."""
    if line.end_to_end:
        return line.end_to_end
    codes = {code for code in _CODE.findall(_unbroken(line)) if id_of(code) is not None}
    return codes.pop() if len(codes) == 1 else ""


def _once(kind: MatchKind, targets: Iterable[int | None]) -> None:
    """Locked by now, so nobody explains another line by the same at this moment."""
    if seen(kind, [target for target in targets if target]):
        raise Refused(N_("That was found on a statement already."))


def seen(kind: MatchKind, targets: Iterable[int]) -> set[int]:
    """Which of these explain a line already."""
    standing = select(BankMatch.target_id).where(
        BankMatch.kind == kind, BankMatch.target_id.in_(list(targets)), BankMatch.undone_at.is_(None)
    )
    return {target for target in db.session.execute(standing).scalars() if target is not None}


def _in_parts(batch_ids: Iterable[int]) -> set[int]:
    """Batches of which the bank credited a collection apart."""
    rows = (
        select(DebitItem.batch_id)
        .join(BankMatch, BankMatch.target_id == DebitItem.collection_id)
        .where(DebitItem.batch_id.in_(list(batch_ids)), DebitItem.live)
        .where(BankMatch.kind == MatchKind.COLLECTION, BankMatch.undone_at.is_(None))
    )
    return set(db.session.execute(rows.distinct()).scalars())


def _in_batches(collection_ids: Iterable[int]) -> set[int]:
    """Collections of a batch that was credited as one sum."""
    rows = (
        select(DebitItem.collection_id)
        .join(BankMatch, BankMatch.target_id == DebitItem.batch_id)
        .where(DebitItem.collection_id.in_(list(collection_ids)), DebitItem.live)
        .where(BankMatch.kind == MatchKind.DEBIT_BATCH, BankMatch.undone_at.is_(None))
    )
    return set(db.session.execute(rows).scalars())
