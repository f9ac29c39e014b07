"""Telling people what a machine must not decide: money that does not match, and attacks on the form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.base.money import Money
from app.base.references import code_of
from app.extensions import db
from app.outbox.services import Mail, queue_mails
from app.payments.providers.base import Truth
from app.payments.states import Problem
from app.programmes.models import Campaign
from app.staff.models import Staff
from app.staff.queries import allowed
from app.ui.permissions import Permission


def _who() -> list[str]:
    """Everybody who may change money."""
    who = select(Staff.email).where(Staff.active, allowed(Permission.FINANCE_WRITE))
    return list(db.session.scalars(who.order_by(Staff.id)))


def tell_problems(problems: list[tuple[Truth, Problem]], *, now: datetime) -> None:
    """Mail about provider payments that were set aside, in the transaction that set them aside."""
    if not problems:
        return
    mails = [
        Mail(
            template="payments/problem",
            to=address,
            language="nl",
            key=f"payment problem:{truth.provider}:{truth.provider_id}:{problem}:{address}",
            data={
                "problem": problem.value,
                "payment": truth.provider_id,
                "provider": truth.provider,
                "amount": str(Money(truth.amount_cents, truth.currency)),
                "checkout": str(truth.checkout_id or ""),
                "code": code_of(truth.checkout_id) if truth.checkout_id else "",
            },
        )
        for truth, problem in problems
        for address in _who()
    ]
    queue_mails(mails, now=now)


def tell_attack(method: str, *, now: datetime) -> None:
    """Mail that a method was paused because too many payments failed; at most once an hour."""
    _tell("payments/attack", f"payment attack:{method}", {"method": method}, now)


def tell_flood(template: str, number: int, *, now: datetime) -> None:
    """Mail that mandates or transfers on the website are paused, with how many came within ten minutes; at most once
    an hour."""
    _tell(template, template, {"number": number}, now)


def tell_form_attack(campaign_id: int | None, *, now: datetime) -> None:
    """Mail that a form was paused (None: Steun ons itself); at most once an hour."""
    campaign = db.session.get(Campaign, campaign_id) if campaign_id is not None else None
    data = {"campaign": campaign.name("nl") if campaign else ""}
    _tell("payments/form_attack", f"form attack:{campaign_id or 0}", data, now)


def _tell(template: str, what: str, data: dict[str, Any], now: datetime) -> None:
    hour = now.strftime("%Y-%m-%dT%H")
    mails = [
        Mail(template=template, to=address, language="nl", key=f"{what}:{hour}:{address}", data=data)
        for address in _who()
    ]
    queue_mails(mails, now=now)
