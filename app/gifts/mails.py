"""Mails about gifts: thanks, and how to transfer. Discreet: sender, subject and bank text do not name the cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select

from app.base.dates import format_long_date, local_date
from app.base.references import code_of, in_fours, payment_number_of, rf_of
from app.extensions import db
from app.organisation.queries import profile
from app.outbox.services import Mail
from app.payments.queries import CheckoutFacts
from app.programmes.models import Programme
from app.supporters import reach
from app.supporters.models import Supporter
from app.supporters.queries import primary_emails


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a thank-you says of a gift, or of the parts of one that was split."""

    gift_id: int
    supporter_id: int
    cents: int
    on: date
    programme_ids: tuple[int, ...] = ()
    by_letter: bool = False


def thanks(facts: Sequence[CheckoutFacts], supporters: Mapping[int, int], *, now: datetime) -> None:
    """A thank-you for each of these received gifts; `supporters` by checkout id."""
    _queue("gifts/thanks", facts, supporters, now)


def how_to_transfer(facts: Sequence[CheckoutFacts], supporters: Mapping[int, int], *, now: datetime) -> None:
    """Where to transfer what was promised, and with which reference."""
    _queue("gifts/transfer", facts, supporters, now)


def _queue(template: str, facts: Sequence[CheckoutFacts], supporters: Mapping[int, int], now: datetime) -> None:
    if not facts:
        return
    ids = {supporters[f.id] for f in facts}
    people = _people(ids)
    known = primary_emails(ids)
    programmes = _programmes({f.programme_id for f in facts if f.programme_id})
    mails = []
    for f in facts:
        person = people[supporters[f.id]]
        to = str(f.details.get("email") or known.get(person.id, ""))
        # A gift is in the language it was made in, whatever the supporter's letters are in.
        data = _data(f, programmes, now) | {"salutation": _salutation(person, f.language)}
        key = f"{template}:{f.payment_id or f.id}"
        mails.append(Mail(template=template, to=to, language=f.language, key=key, data=data, person_id=person.id))
    reach.send(mails, now=now)


def thank(gifts: Sequence[Given], *, now: datetime) -> None:
    """A thank-you for each of these gifts that staff entered; as a letter where `by_letter` says so."""
    ids = {g.supporter_id for g in gifts}
    people = _people(ids)
    known = primary_emails(ids)
    programmes = _programmes({i for g in gifts for i in g.programme_ids})
    mails = []
    for g in gifts:
        person, language = people[g.supporter_id], people[g.supporter_id].language.value
        if person.anonymised_at is not None:
            continue  # what still comes in of somebody who is erased thanks nobody
        data = {
            "salutation": person.salutation(), "amount_cents": g.cents, "code": code_of(g.gift_id),
            "day": format_long_date(g.on, language), "rf": in_fours(rf_of(g.gift_id)), "number": "",
            "iban": "", "holder": "",
            "programme": ", ".join(programmes[i].name(language) for i in g.programme_ids),
        }  # fmt: skip
        to = "" if g.by_letter else known.get(person.id, "")
        key = f"gifts/thanks:{g.gift_id}"
        mails.append(
            Mail(template="gifts/thanks", to=to, language=language, key=key, data=data, person_id=person.id)
        )  # fmt: skip
    reach.send(mails, now=now)


_PEOPLE = select(Supporter).where(Supporter.id.in_(bindparam("ids", expanding=True)))


def _people(ids: set[int]) -> dict[int, Supporter]:
    return {s.id: s for s in db.session.execute(_PEOPLE, {"ids": ids}).scalars()}


def _salutation(person: Supporter, language: str) -> str:
    from app.supporters.names import salutation

    return salutation(person.name, language)


def _programmes(ids: set[int]) -> dict[int, Programme]:
    if not ids:
        return {}
    return {p.id: p for p in db.session.execute(select(Programme).where(Programme.id.in_(ids))).scalars()}


def _data(f: CheckoutFacts, programmes: Mapping[int, Programme], now: datetime) -> dict[str, Any]:
    """JSON for the template. Amounts in cents, days as text in the mail's language."""
    account = profile().gift_account
    programme = programmes.get(f.programme_id or 0)
    return {
        "amount_cents": f.received_cents if f.received_cents is not None else f.amount_cents,
        "day": format_long_date(local_date(f.paid_at or now), f.language),
        "code": code_of(f.id),
        "programme": programme.name(f.language) if programme else "",
        "rf": in_fours(rf_of(f.id)),
        "number": in_fours(payment_number_of(f.id)),
        "iban": account.iban_spaced if account else "",
        "holder": account.holder if account else "",
        "frequency": str(f.details.get("frequency", "once")),
        "notice_days": profile().notice_days,
    }
