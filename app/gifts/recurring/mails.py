"""Mails about recurring gifts: what will be collected, and what went wrong with it, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.base.dates import format_long_date
from app.direct_debit import consent
from app.direct_debit import queries as direct_debit
from app.direct_debit.models import Mandate
from app.direct_debit.reasons import reason_of
from app.direct_debit.states import ConsentHow
from app.extensions import db
from app.gifts.recurring import repair
from app.gifts.recurring.models import Commitment
from app.outbox.services import Mail
from app.supporters import reach
from app.supporters.models import Supporter
from app.supporters.queries import primary_emails

NOTICE = "gifts/recurring/notice"


def on_paper(rows: Sequence[Commitment]) -> set[int]:
    """Those of these whose donor has no mail address or asked for letters."""
    ids = {row.supporter_id for row in rows}
    known, by_post = primary_emails(ids), reach.wanting_post(ids)
    return {row.id for row in rows if not known.get(row.supporter_id) or row.supporter_id in by_post}


def announce(commitments: Iterable[Commitment], cents: Mapping[int, int], *, now: datetime) -> None:
    """Tell what will be collected, from when and by whom: by mail, or with a letter to print."""
    rows = [row for row in commitments if row.mandate_id is not None]
    people, addresses = _people(rows)
    mandates = direct_debit.mandates([row.mandate_id for row in rows if row.mandate_id])
    mails = []
    for row in rows:
        mandate = mandates[row.mandate_id or 0]
        creditor = direct_debit.creditor_of(mandate)
        data = _common(row, people) | {
            "amount_cents": cents[row.id], "day": format_long_date(row.collect_on, row.language),
            "day_of_month": row.day, "frequency": row.frequency.value, "first": row.noticed_cents is None,
            "creditor": creditor.name, "creditor_id": creditor.identifier, "reference": creditor.reference,
            "last_four": mandate.iban_last_four or "", "consent": _consent(mandate, row, creditor.name),
            "of": [row.id, row.mandate_id, cents[row.id], row.collect_on.isoformat()],
        }  # fmt: skip
        # With the instant: what was told before, and is true again after something else was told, is told again.
        key = f"recurring notice:{row.id}:{row.mandate_id}:{cents[row.id]}:{row.collect_on}:{now.isoformat()}"
        mails.append(_mail(NOTICE, row, addresses.get(row.supporter_id, ""), key, data))
    reach.send(mails, now=now)


def _consent(mandate: Mandate, row: Commitment, creditor: str) -> str:
    """What somebody agreed to on the website, for the mail that confirms it; "" for what was agreed otherwise."""
    if mandate.consent_how is not ConsentHow.ONLINE or row.noticed_cents is not None:
        return ""
    return consent.text_of(creditor, row.language, mandate.consent_text)


def failed(row: Commitment, collection: Any, retry_on: date | None, *, now: datetime) -> None:
    """Say why a collection did not succeed and how to mend it. Nothing where the reason has no mail."""
    words = reason_of(collection.reason_code).mail
    if not words:
        return
    people, addresses = _people([row])
    paper = bool(on_paper([row]))
    data = _common(row, people) | {
        "amount_cents": collection.amount_cents, "day": format_long_date(collection.collect_on, row.language),
        "reason": words, "retry_on": format_long_date(retry_on, row.language) if retry_on else "",
        "link": "" if paper else repair.link_for(row.id, row.language, now=now),
    }  # fmt: skip
    key, to = f"recurring failed:{collection.id}:{words}", addresses.get(row.supporter_id, "")
    reach.send([_mail("gifts/recurring/failed", row, to, key, data)], now=now)


def _people(rows: list[Commitment]) -> tuple[dict[int, Supporter], dict[int, str]]:
    ids = {row.supporter_id for row in rows}
    people = {s.id: s for s in db.session.scalars(select(Supporter).where(Supporter.id.in_(ids)))}
    return people, {k: v for k, v in primary_emails(ids).items() if v}


def _common(row: Commitment, people: Mapping[int, Supporter]) -> dict[str, Any]:
    from app.supporters.names import salutation

    return {"salutation": salutation(people[row.supporter_id].name, row.language)}


def _mail(template: str, row: Commitment, to: str, key: str, data: dict[str, Any]) -> Mail:
    return Mail(template=template, to=to, language=row.language, key=key, data=data, person_id=row.supporter_id)
