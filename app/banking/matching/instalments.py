"""Instalments of grants: by the funder's account, the grant's reference, amount, day and name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from app.banking.match_models import MatchKind
from app.banking.matching.facts import Facts, Proposal, Reason
from app.banking.matching.names import agree
from app.base.references import code_of, id_of
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.funders.models import Funder
from app.grants.instalments.models import OPEN_INSTALMENTS, Instalment, Receipt
from app.supporters.models import Supporter

_NEAR = 45  # days from the day it was expected


def find(lines: Sequence[Facts], owners: dict[int, list[Any]]) -> dict[int, list[Proposal]]:
    incoming = [line for line in lines if line.cents > 0]
    if not incoming:
        return {}
    came = (
        select(Receipt.instalment_id, func.sum(Receipt.amount_cents).label("cents"))
        .where(Receipt.reversed_at.is_(None))
        .group_by(Receipt.instalment_id)
        .subquery()
    )
    amounts, known = {line.cents for line in incoming}, {row.id for rows in owners.values() for row in rows}
    rows = db.session.execute(
        select(Instalment.id, Instalment.amount_cents, Instalment.expected_on,
               func.coalesce(came.c.cents, 0).label("came"), Grant.id.label("grant_id"), Grant.title,
               Grant.funder_reference, Grant.confirmed_at, Supporter.id.label("funder"), Supporter.display_name)
        .join(Grant, Grant.id == Instalment.grant_id)
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .outerjoin(came, came.c.instalment_id == Instalment.id)
        .where(Instalment.state.in_(OPEN_INSTALMENTS))
        .where(or_(Instalment.amount_cents.in_(amounts), Supporter.id.in_(known), *_named(incoming)))
        .order_by(Instalment.expected_on, Instalment.id)
    ).all()  # fmt: skip
    of_amount, of_funder, of_reference = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in rows:
        of_reference[row.funder_reference.upper()].append(row)
        of_reference[code_of(row.grant_id)].append(row)
        of_amount[row.amount_cents].append(row)
        of_funder[row.funder].append(row)
    found: dict[int, list[Proposal]] = {}
    for line in incoming if rows else ():
        mine = owners.get(line.id, [])
        near = {row.id: row for owner in mine for row in of_funder[owner.id]}
        near |= {row.id: row for row in of_amount[line.cents]}
        near |= {row.id: row for word in _words(line) for row in of_reference.get(word, ())}
        if proposals := [p for row in near.values() if (p := _proposal(line, row, mine)) is not None]:
            found[line.id] = proposals
    return found


def _words(line: Facts) -> set[str]:
    """Words of what the payer wrote that may be a reference: long enough, with a figure in them."""
    words = (word.strip(".,:;()") for word in line.party.text.upper().split())
    return {word for word in words if len(word) > 4 and any(c.isdigit() for c in word)}


def _named(lines: Sequence[Facts]) -> list[ColumnElement[bool]]:
    """Of any amount, what a payment names by the reference of its funder, or by ours."""
    words = {word for line in lines for word in _words(line)}
    ours = {row_id for word in words if (row_id := id_of(word))}
    return [func.upper(Grant.funder_reference).in_(words), Grant.id.in_(ours)] if words else []


def _proposal(line: Facts, row: Any, owners: list[Any]) -> Proposal | None:
    reasons, score = [], 0
    if any(owner.id == row.funder for owner in owners):
        score += 45
        reasons.append(Reason(N_("The account is that of %(name)s."), {"name": row.display_name}))
    elif agree(line.party.name, row.display_name, organisation=True):
        score += 20
        reasons.append(Reason(N_("The name at the bank agrees.")))
    text = line.party.text.upper()
    references = [code_of(row.grant_id), row.funder_reference.upper()]
    if any(len(each) > 4 and each in text for each in references):
        score += 35
        reasons.append(Reason(N_("The payment names the reference of this grant.")))
    if not reasons:
        return None
    left = row.amount_cents - int(row.came)  # PostgreSQL sums to Decimal
    same = line.cents == left
    if same:
        score += 35
        reasons.append(Reason(N_("The amount is what is still to come of it.")))
    else:
        reasons.append(Reason(N_("Still to come of it is %(left)s."), {"left": left}))
    if abs((line.booked_on - row.expected_on).days) <= _NEAR:
        score += 15
    if row.confirmed_at is None:
        reasons.append(Reason(N_("The grant is not confirmed yet: confirm it first, then this can be booked.")))
    # Always: instalments of equal amounts differ in nothing else that a person can see.
    reasons.append(Reason(N_("It was expected on %(day)s."), {"day": row.expected_on.isoformat()}))
    return Proposal(
        kind=MatchKind.INSTALMENT, target_id=row.id, cents=line.cents, score=min(score, 99), reasons=tuple(reasons),
        label=f"{row.title} · {row.display_name}", supporter_id=row.funder,
        blocked=not same or row.confirmed_at is None,
    )  # fmt: skip
