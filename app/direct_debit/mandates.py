"""Mandates are kept, moved and found here. All run inside the caller's `with writing():`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.iban import check_iban
from app.base.ids import new_id, new_ids, stable_id
from app.base.references import code_of
from app.base.states import N_
from app.direct_debit.batch_models import MandateAmendment
from app.direct_debit.models import Collection, Mandate, MandateChange
from app.direct_debit.obstacles import EEA
from app.direct_debit.states import MANDATE_MOVES, SEEN_BY_BANKS, ConsentHow, MandateKind, MandateState
from app.extensions import db
from app.extensions.sql import insert_new
from app.vault.services import blind_index, seal

# DOMAIN.md 1.2: no spaces, no slash at an end, no two in a row; compared without regard to case.
_REFERENCE = re.compile(r"(?!/)(?!.*//)[A-Z0-9/\-?:().,'+]{1,35}(?<!/)")
_QUIETLY = {"synchronize_session": False}
_BANK_NAME = re.compile(r"[A-Za-z0-9/\-?:().,'+ À-ž]{2,70}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMandateDraft:
    """A mandate that a first payment made at a provider; `mandate_key` None while it is not told yet."""

    supporter_id: int
    provider: str
    customer_key: str
    mandate_key: str | None
    signed_on: date
    language: str
    iban: str | None = None
    holder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMandateDraft:
    """A SEPA mandate of our own. `reference` empty: one is made. `holder` as the bank knows the name.
    `last_collected_on`: by it was collected before it came here, under the identifier
    `creditor_before` where that is another than ours now. `once`: for one collection."""

    supporter_id: int
    iban: str
    holder: str
    signed_on: date
    how: ConsentHow
    text_version: str
    language: str
    note: str = ""
    reference: str = ""
    last_collected_on: date | None = None
    creditor_before: str | None = None
    once: bool = False


def clean_reference(text: str) -> str:
    """A mandate id as it is stored. Raises Invalid where banks would not take it (DOMAIN.md 1.2)."""
    bare = text.strip().upper()
    if not _REFERENCE.fullmatch(bare):
        raise Invalid(
            N_("A mandate reference has at most 35 letters, digits and / - ? : ( ) . , ' +, without spaces."),
            field="reference",
        )
    return bare


def clean_holder(text: str) -> str:
    """The name of the account's holder, in signs that a bank can carry. Raises Invalid."""
    bare = " ".join(text.split())
    if not _BANK_NAME.fullmatch(bare):
        raise Invalid(N_("Fill in the name as it is on the bank card: letters, at most 70."), field="holder")
    return bare


def collectable(text: str) -> str:
    """The IBAN of an account that we can collect from, as it is stored. Raises Invalid."""
    iban = check_iban(text)
    if iban[:2] not in EEA:
        raise Invalid(N_("We cannot collect from a bank outside the EEA. Agree on another way to pay."), field="iban")
    return iban


def keep_from_provider(drafts: Sequence[ProviderMandateDraft], *, actor: Actor, now: datetime) -> list[int]:
    """Keep mandates made at a provider, each once; their ids in order."""
    rows = [_provider_row(draft, now) for draft in drafts]
    if rows:
        made = set(db.session.execute(insert_new(Mandate).returning(Mandate.__table__.c.id), rows).scalars())
        _tell("mandate.kept", [row for row in rows if row["id"] in made], actor, now)
    return [row["id"] for row in rows]


def sign(drafts: Sequence[OwnMandateDraft], *, actor: Actor, now: datetime) -> list[int]:
    """Keep SEPA mandates of our own, with the evidence of consent; their ids in order. Raises Invalid
    (IBAN, name, reference, a day to come)."""
    rows = [_own_row(draft, now) for draft in drafts]
    if rows:
        taken = select(Mandate.reference).where(Mandate.reference.in_([row["reference"] for row in rows]))
        if db.session.execute(taken).first() is not None:
            raise Invalid(N_("There is a mandate with this reference already."), field="reference")
        db.session.execute(insert(Mandate.__table__), rows)
        _tell("mandate.signed", rows, actor, now)
    return [row["id"] for row in rows]


def move(ids: Iterable[int], to: MandateState, reason: str, *, actor: Actor, now: datetime, back: bool = False) -> None:
    """Move mandates, with their history; those in that state already stay. `back`: what ended by a mistake did not
    end, which no other move may say. Raises Refused, NotFound."""
    wanted = sorted(set(ids))
    locked = select(Mandate.id, Mandate.state).where(Mandate.id.in_(wanted)).order_by(Mandate.id).with_for_update()
    rows = db.session.execute(locked).all()
    if len(rows) != len(wanted):
        raise NotFound(N_("There is no such mandate."))
    moved = [row for row in rows if row.state is not to]
    for row in moved if not back else ():
        MANDATE_MOVES.check(row.state, to)
    if not moved:
        return
    db.session.execute(
        update(Mandate).where(Mandate.id.in_([row.id for row in moved])).values(state=to, next_look_at=None),
        execution_options=_QUIETLY,
    )
    changes = [
        {
            "id": new_id(), "mandate_id": row.id, "before": row.state, "after": to, "reason": reason[:200],
            "by": (actor.label or actor.kind)[:80], "at": now,
        }
        for row in moved
    ]  # fmt: skip
    db.session.execute(insert(MandateChange.__table__), changes)
    audit.record_many(
        [
            audit.Trace(
                action="mandate.moved", subject=("mandate", row.id), changes={"state": [row.state.value, to.value]}
            )
            for row in moved
        ],
        actor=actor,
        now=now,
    )


def forget(ids: Sequence[int]) -> None:
    """Take mandates out again that were never used here: the caller looked."""
    for start in range(0, len(ids), 500):
        some = list(ids[start : start + 500])
        for gone in (
            delete(MandateAmendment).where(MandateAmendment.mandate_id.in_(some)),
            delete(MandateChange).where(MandateChange.mandate_id.in_(some)),
            delete(Mandate).where(Mandate.id.in_(some)),
        ):
            db.session.execute(gone, execution_options=_QUIETLY)


def stop(mandate_id: int, to: MandateState, reason: str, *, actor: Actor, now: datetime) -> None:
    """Suspend or end a mandate because a bank said so; nothing where that is past already."""
    state = db.session.execute(select(Mandate.state).where(Mandate.id == mandate_id)).scalar_one()
    if MANDATE_MOVES.allows(state, to):
        move([mandate_id], to, reason, actor=actor, now=now)


def learn(mandate_id: int, mandate_key: str, iban: str | None, holder: str | None) -> None:
    """What the provider tells of a mandate once it is valid."""
    known = {name: value for name, value in _account(mandate_id, iban, holder).items() if value}
    learned = update(Mandate).where(Mandate.id == mandate_id).values(mandate_key=mandate_key, **known)
    db.session.execute(learned, execution_options=_QUIETLY)


def _provider_row(draft: ProviderMandateDraft, now: datetime) -> dict[str, Any]:
    row_id = stable_id(f"mandate:{draft.provider}:{draft.customer_key}")
    known = draft.mandate_key is not None
    return _account(row_id, draft.iban, draft.holder) | {
        "id": row_id, "supporter_id": draft.supporter_id, "kind": MandateKind.PROVIDER,
        "state": MandateState.ACTIVE if known else MandateState.PENDING, "provider": draft.provider,
        "customer_key": draft.customer_key, "mandate_key": draft.mandate_key, "reference": None,
        "signed_on": draft.signed_on, "consent_how": ConsentHow.FIRST_PAYMENT, "consent_text": "",
        "consent_note": "", "language": draft.language, "next_look_at": None if known else now, "created_at": now,
    }  # fmt: skip


def _own_row(draft: OwnMandateDraft, now: datetime) -> dict[str, Any]:
    row_id = new_id()
    if draft.signed_on > local_date(now):
        raise Invalid(N_("This day is still to come."), field="signed_on")
    reference = clean_reference(draft.reference) if draft.reference.strip() else reference_of(row_id)
    return _account(row_id, collectable(draft.iban), clean_holder(draft.holder)) | {
        "id": row_id, "supporter_id": draft.supporter_id, "kind": MandateKind.OWN, "state": MandateState.ACTIVE,
        "provider": None, "customer_key": None, "mandate_key": None, "reference": reference,
        "signed_on": draft.signed_on, "consent_how": draft.how, "consent_text": draft.text_version,
        "consent_note": draft.note[:300], "language": draft.language, "next_look_at": None, "created_at": now,
        "last_collected_on": draft.last_collected_on, "once": draft.once, "creditor_before": draft.creditor_before,
    }  # fmt: skip


# The check character of a code may be a sign that banks do not take.
_PLAIN = str.maketrans("*~$=", "....")


def reference_of(row_id: int) -> str:
    """A reference made of an id: always the same one."""
    return code_of(row_id).translate(_PLAIN)


def _account(row_id: int, iban: str | None, holder: str | None) -> dict[str, Any]:
    return {
        "iban_sealed": seal(iban, f"mandate iban:{row_id}") if iban else None,
        "iban_lookup": blind_index(iban, "iban") if iban else None,
        "iban_last_four": iban[-4:] if iban else None,
        "holder_sealed": seal(holder, f"mandate holder:{row_id}") if holder else None,
    }


def _tell(action: str, rows: Sequence[dict[str, Any]], actor: Actor, now: datetime) -> None:
    audit.record_many(
        [
            audit.Trace(
                action=action, subject=("mandate", row["id"]), changes={"consent_how": [None, row["consent_how"].value]}
            )
            for row in rows
        ],
        actor=actor,
        now=now,
    )


def new_references(count: int) -> list[str]:
    """References for mandates that are still to be signed on paper."""
    return [reference_of(row_id) for row_id in new_ids(count)]


def amend(
    mandate_id: int, *, actor: Actor, now: datetime, iban: str = "", holder: str = "", reference: str = ""
) -> None:
    """The holder has another account, or we gave the mandate another reference; what is empty stays. The next
    collections tell the bank, until one succeeded (DOMAIN.md 1.3). A suspended mandate is valid again with a new
    account. Raises Invalid, Refused (no mandate of ours, or ended), NotFound."""
    row = db.session.scalars(select(Mandate).where(Mandate.id == mandate_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(N_("There is no such mandate."))
    if row.kind is not MandateKind.OWN or row.state not in (MandateState.ACTIVE, MandateState.SUSPENDED):
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    values: dict[str, Any] = {}
    if holder:
        values["holder_sealed"] = seal(clean_holder(holder), f"mandate holder:{mandate_id}")
    new = collectable(iban) if iban else ""
    if new and blind_index(new, "iban") != row.iban_lookup:
        values |= {name: value for name, value in _account(mandate_id, new, None).items() if value}
    before = row.reference
    if reference and clean_reference(reference) != before:
        values["reference"] = clean_reference(reference)
        taken = select(Mandate.id).where(Mandate.reference == values["reference"])
        if db.session.execute(taken).first() is not None:
            raise Invalid(N_("There is a mandate with this reference already."), field="reference")
    if not values:
        return
    changed_now = update(Mandate).where(Mandate.id == mandate_id).values(**values)
    db.session.execute(changed_now, execution_options=_QUIETLY)
    _note_amendment(mandate_id, "iban_lookup" in values, before if "reference" in values else None, now)
    changed = {"account": "iban_lookup" in values, "holder": bool(holder), "reference": "reference" in values}
    audit.record(
        "mandate.amended", ("mandate", mandate_id), actor=actor, now=now,
        changes={name: [None, "changed"] for name, did in changed.items() if did},
    )  # fmt: skip
    if "iban_lookup" in values and row.state is MandateState.SUSPENDED:
        move([mandate_id], MandateState.ACTIVE, "another account", actor=actor, now=now)


def _note_amendment(mandate_id: int, new_account: bool, before: str | None, now: datetime) -> None:
    """One open amendment for each mandate: of several changes the bank wants the first reference it knew."""
    if not new_account and before is None:
        return
    used = select(Collection.id).where(Collection.mandate_id == mandate_id, Collection.state.in_(SEEN_BY_BANKS))
    elsewhere = select(Mandate.id).where(Mandate.id == mandate_id, Mandate.last_collected_on.is_not(None))
    if db.session.execute(used.limit(1)).first() is None and db.session.execute(elsewhere).first() is None:
        return  # no bank ever saw the mandate as it was
    mine = (MandateAmendment.mandate_id == mandate_id) & MandateAmendment.settled_at.is_(None)
    there = db.session.scalars(select(MandateAmendment).where(mine).with_for_update()).one_or_none()
    if there is not None:
        # A new row, so that a collection under way with the old words does not settle the new ones.
        new_account, before = new_account or there.new_account, there.original_reference or before
        there.settled_at = now
        db.session.flush()
    db.session.add(
        MandateAmendment(
            id=new_id(), mandate_id=mandate_id, new_account=new_account, original_reference=before, changed_at=now
        )
    )
