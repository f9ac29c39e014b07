"""Whose payment it was, told by the room that makes gifts: merge and erasure find it by that."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, update

from app.extensions import db
from app.payments.models import Payment

_T = Payment.__table__
_ASSIGNED = update(_T).where(_T.c.id == bindparam("payment")).values(supporter_id=bindparam("supporter"))


def assign_supporters(supporter_of: Mapping[int, int]) -> None:
    """Note the supporter of each payment, by payment id, inside `with writing():`."""
    if not supporter_of:
        return
    db.session.connection().execute(
        _ASSIGNED, [{"payment": payment, "supporter": supporter} for payment, supporter in supporter_of.items()]
    )
