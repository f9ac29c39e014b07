"""What did not match and was looked at by people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from app.audit.services import record
from app.base.actor import Actor
from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.payments.models import Checkout
from app.payments.states import CheckoutState


def count_unsolved() -> int:
    """How many checkouts wait for people to look at them."""
    unsolved = select(func.count()).select_from(Checkout).where(Checkout.problem.is_not(None))
    return db.session.execute(unsolved).scalar() or 0


def mark_solved(checkout_id: int, *, actor: Actor, now: datetime) -> None:
    """Clear the mark, inside `with writing():`. The provider's word stays what it is: should it still
    differ at a next look, the mark and the mail come back. Raises NotFound where nothing is marked."""
    row = db.session.execute(
        select(Checkout.problem, Checkout.state).where(Checkout.id == checkout_id).with_for_update()
    ).first()
    if row is None or row.problem is None:
        raise NotFound(N_("Nothing is waiting here."))
    values: dict[str, Any] = {"problem": None}
    if row.state is not CheckoutState.PAID:  # of what was paid, refunds may still follow
        values["next_check_at"] = None
    db.session.execute(
        update(Checkout).where(Checkout.id == checkout_id).values(**values),
        execution_options={"synchronize_session": False},
    )
    changes = {"problem": [row.problem.value, None]}
    record("payment.solved", ("checkout", checkout_id), actor=actor, now=now, changes=changes)
