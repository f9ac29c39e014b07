"""Who finds what a line may be. Each takes many lines and runs a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import or_, select, union

from app.banking.match_models import BankRule, MatchKind
from app.banking.matching import by_hand, debits, instalments, payouts
from app.banking.matching.facts import Facts, Proposal, Reason
from app.banking.matching.names import agree
from app.base.dates import days
from app.base.references import ids_of_payment_number, payment_number_of
from app.base.states import N_
from app.direct_debit.models import Mandate
from app.extensions import db
from app.extensions.sql import among
from app.gifts.models import BANK_TRANSFER, HELD, Gift, GiftState
from app.payments.models import Checkout
from app.payments.states import CheckoutState
from app.supporters.contact_models import Iban
from app.supporters.models import Kind, Supporter
from app.supporters.sealed import iban_lookups

Found = dict[int, list[Proposal]]
Finder = Callable[[Sequence[Facts], dict[int, list[Any]]], Found]
_BEFORE = days(400)  # in which a giver's transfers count
_MOST_GIVEN = 80_000
_FOR_ANOTHER = Reason(N_("The bank names somebody else for whom this was paid."))
TWICE_WITHIN = 4  # days in which an equal gift of the same giver may be the same money


def find(lines: Sequence[Facts], recorded: by_hand.Recorded | None = None) -> Found:
    """What these lines may be, the likeliest first. Returned money is nobody's gift: only a direct debit of ours.
    `recorded` is what was recorded by hand, where that was asked before."""
    looked = [line for line in lines if not line.is_return]
    owners = _owners(looked)
    found: Found = defaultdict(list, debits.find_returns([line for line in lines if line.is_return]))
    for each in (by_hand.find(looked, recorded), *(finder(looked, owners) for finder in FINDERS)):
        for line_id, proposals in each.items():
            found[line_id] += proposals
    return {line_id: sorted(_weighed(each), key=lambda p: -p.score) for line_id, each in found.items()}


def _weighed(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Of a funder that has an instalment to pay, money is that sooner than a gift."""
    funders = {p.supporter_id for p in proposals if p.kind is MatchKind.INSTALMENT}
    return [
        replace(p, score=min(p.score, 40), blocked=True)
        if p.kind is MatchKind.GIFT and p.supporter_id in funders
        else p
        for p in proposals
    ]


def promises(lines: Sequence[Facts], owners: dict[int, list[Any]]) -> Found:
    """By the RF reference or betalingskenmerk that the donor was given: both are made of the gift's own number."""
    coming = [line for line in lines if line.cents > 0]
    ids = {row_id for line in coming for row_id in line.rf_ids}
    spans = [span for line in coming for number in line.numbers if (span := ids_of_payment_number(number))]
    if not ids and not spans:
        return {}
    rows = db.session.execute(
        select(Gift.id, Gift.state, Gift.amount_cents, Gift.supporter_id, Gift.programme_id, Supporter.display_name,
               Checkout.state.label("checkout"))
        .join(Supporter, Supporter.id == Gift.supporter_id)
        .outerjoin(Checkout, Checkout.id == Gift.checkout_id)
        .where(or_(Gift.id.in_(ids), *(Gift.id.between(span.start, span.stop - 1) for span in spans)))
    )  # fmt: skip
    gifts = {row.id: row for row in rows}
    numbered: dict[str, list[int]] = defaultdict(list)
    for row_id in gifts:
        numbered[payment_number_of(row_id)].append(row_id)
    found: Found = {}
    for line in coming:
        told = [*line.rf_ids, *(row_id for number in line.numbers for row_id in numbered[number])]
        known = [gifts[row_id] for row_id in dict.fromkeys(told) if row_id in gifts]
        if known:
            found[line.id] = [_promise(line, gift) for gift in known]
    return found


def _promise(line: Facts, gift: Any) -> Proposal:
    named = Reason(N_("The reference is that of a gift promised by %(name)s."), {"name": gift.display_name})
    waits = gift.state in (GiftState.PROMISED, GiftState.CANCELED) and gift.checkout is CheckoutState.PROMISED
    if not waits:
        again = Reason(N_("The money of that promise came before: this may be a second gift."))
        return Proposal(
            kind=MatchKind.GIFT, target_id=None, cents=line.cents, score=50, reasons=(named, again), blocked=True,
            label=gift.display_name, supporter_id=gift.supporter_id, programme_id=gift.programme_id,
        )  # fmt: skip
    same = gift.amount_cents == line.cents
    amount = (
        Reason(N_("The amount is what was promised."))
        if same
        else Reason(N_("Promised was %(promised)s."), {"promised": gift.amount_cents})
    )
    return Proposal(
        kind=MatchKind.PROMISE, target_id=gift.id, cents=line.cents, score=100 if same else 60, exact=same,
        reasons=(named, amount), blocked=not same, label=gift.display_name, supporter_id=gift.supporter_id,
    )  # fmt: skip


def donors(lines: Sequence[Facts], owners: dict[int, list[Any]]) -> Found:
    """By the account on the other side, the name, and what this giver transferred before."""
    mine = {line.id: owners[line.id] for line in lines if line.cents > 0 and line.id in owners}
    if not mine:
        return {}
    given = _given(
        {row.id for rows in mine.values() for row in rows},
        {line.cents for line in lines if line.id in mine},
        min(line.booked_on for line in lines) - _BEFORE,
    )
    found: Found = {}
    for line in lines:
        rows = mine.get(line.id, [])
        for row in rows:
            found.setdefault(line.id, []).append(_donor(line, row, given.get(row.id, []), alone=len(rows) == 1))
    return found


def _donor(line: Facts, row: Any, given: list[Any], *, alone: bool) -> Proposal:
    reasons = [Reason(N_("The account is that of %(name)s."), {"name": row.display_name})]
    score, blocked = 60 if alone else 45, False
    if agree(line.party.giver, row.display_name, organisation=row.kind is Kind.ORGANISATION):
        score += 20
        reasons.append(Reason(N_("The name at the bank agrees.")))
    elif line.party.ultimate:
        blocked = True
        reasons.append(_FOR_ANOTHER)
    same = [g for g in given if g.amount_cents == line.cents]
    since = line.booked_on - _BEFORE
    if before := sum(g.method == BANK_TRANSFER and g.gift_date >= since for g in same):
        score += 20
        reasons.append(Reason(N_("This amount was transferred %(times)s times before."), {"times": before}))
    if any(abs((g.gift_date - line.booked_on).days) <= TWICE_WITHIN for g in same):
        blocked = True
        reasons.append(
            Reason(N_("A gift of this amount is there already, of about this day: look whether it is this."))
        )
    if row.is_deceased:
        blocked = True
        reasons.append(Reason(N_("%(name)s has died."), {"name": row.display_name}))
    return Proposal(
        kind=MatchKind.GIFT, target_id=None, cents=line.cents, score=min(score, 99), reasons=tuple(reasons),
        label=row.display_name, supporter_id=row.id, blocked=blocked,
    )  # fmt: skip


def _given(supporter_ids: set[int], amounts: set[int], since: date) -> dict[int, list[Any]]:
    """What these gave of these amounts, by supporter: amount, method and day."""
    rows = db.session.execute(
        select(Gift.supporter_id, Gift.amount_cents, Gift.method, Gift.gift_date)
        .where(among(Gift.supporter_id, supporter_ids), among(Gift.amount_cents, amounts))
        .where(Gift.state.in_(HELD), Gift.gift_date >= since)
        .limit(_MOST_GIVEN)
    )
    given: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        given[row.supporter_id].append(row)
    return given


def rules(lines: Sequence[Facts], owners: dict[int, list[Any]]) -> Found:
    """What somebody said that money of this account always is."""
    indexes = {line.iban_index for line in lines if line.iban_index is not None}
    if not indexes:
        return {}
    rows = db.session.execute(
        select(BankRule, Supporter.display_name)
        .outerjoin(Supporter, Supporter.id == BankRule.supporter_id)
        .where(BankRule.iban_index.in_(indexes), BankRule.active)
        .where(Supporter.id.is_(None) | (Supporter.merged_into_id.is_(None) & Supporter.anonymised_at.is_(None)))
    )
    known: dict[tuple[bytes, bool], tuple[BankRule | None, str]] = {
        (bytes(rule.iban_index), rule.incoming): (rule, name) for rule, name in rows
    }
    found: Found = {}
    for line in lines:
        rule, name = known.get((line.iban_index or b"", line.cents > 0), (None, ""))
        if rule is not None:
            said = [Reason(N_("You said that money of this account is always this."))]
            if doubted := bool(name and line.party.ultimate and not agree(line.party.ultimate, name)):
                said.append(_FOR_ANOTHER)
            found[line.id] = [
                Proposal(
                    kind=rule.kind,
                    target_id=None,
                    cents=line.cents,
                    score=100,
                    reasons=tuple(said),
                    blocked=doubted,
                    label=name or "",
                    supporter_id=rule.supporter_id,
                    programme_id=rule.programme_id,
                )  # fmt: skip
            ]
    return found


def _owners(lines: Sequence[Facts]) -> dict[int, list[Any]]:
    """By line: the supporters whose account is on the other side, by what is noted with them or by a mandate."""
    told = [line for line in lines if line.party.iban]
    lookups = dict(zip((line.id for line in told), iban_lookups(line.party.iban for line in told), strict=True))
    if not lookups:
        return {}
    wanted = set(lookups.values())
    known = union(
        select(Iban.lookup.label("lookup"), Iban.supporter_id.label("owner")).where(Iban.lookup.in_(wanted)),
        select(Mandate.iban_lookup, Mandate.supporter_id).where(Mandate.iban_lookup.in_(wanted)),
    ).subquery()
    rows = db.session.execute(
        select(known.c.lookup, Supporter.id, Supporter.display_name, Supporter.kind, Supporter.is_deceased)
        .join(known, known.c.owner == Supporter.id)
        .where(Supporter.merged_into_id.is_(None), Supporter.anonymised_at.is_(None))
        .order_by(Supporter.id)
    )
    owners: dict[bytes, list[Any]] = defaultdict(list)
    for row in rows:
        owners[bytes(row.lookup)].append(row)
    return {line_id: owners[lookup] for line_id, lookup in lookups.items() if lookup in owners}


FINDERS: tuple[Finder, ...] = (
    promises, debits.find_batches, debits.find_collections, payouts.find, instalments.find, rules, donors,
)  # fmt: skip
