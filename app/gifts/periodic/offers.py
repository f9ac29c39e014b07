"""The offer of an agreement to be signed online, as the paper way sees it: is there one, and it is over."""

from __future__ import annotations

from sqlalchemy import select

from app.base.errors import Refused
from app.base.states import N_
from app.extensions import db
from app.gifts.periodic.models import Agreement
from app.gifts.periodic.signing_models import SIGNING_MOVES, Signing, SigningState

_OPEN = (SigningState.OFFERED, SigningState.SIGNED)


def newest(agreement_id: int) -> Signing | None:
    """The last time this agreement was offered to be signed online."""
    rows = select(Signing).where(Signing.agreement_id == agreement_id).order_by(Signing.id.desc()).limit(1)
    return db.session.execute(rows).scalar()


def of_donor(supporter_id: int) -> dict[int, Signing]:
    """By agreement: what this donor can sign, signed, or signed with us; only the newest of each agreement."""
    mine = (Agreement.supporter_id == supporter_id) & (Signing.state != SigningState.OVER)
    rows = select(Signing).join(Agreement, Agreement.id == Signing.agreement_id).where(mine).order_by(Signing.id)
    return {row.agreement_id: row for row in db.session.scalars(rows.limit(50))}


def close(agreement_id: int) -> None:
    """It is not signed online any more: it is drawn up anew or given up."""
    row = _open(agreement_id)
    if row is not None:
        move(row, SigningState.OVER)


def close_offered(agreement_id: int) -> None:
    """The donor signed on paper what they could have signed online."""
    row = _open(agreement_id)
    if row is not None and row.state is SigningState.OFFERED:
        move(row, SigningState.OVER)


def refuse_while(agreement_id: int, *states: SigningState) -> None:
    """Raise Refused while it waits for a signature online."""
    row = _open(agreement_id)
    if row is not None and row.state in states:
        if row.state is SigningState.OFFERED:
            raise Refused(N_("The donor can sign this text online now. Draw it up anew first."))
        raise Refused(N_("The donor signed this online: sign it online as well, or give it up."))


def move(row: Signing, after: SigningState) -> None:
    """To another state; what only served the way there goes."""
    SIGNING_MOVES.check(row.state, after)
    row.state = after
    row.code_hash = row.code_until = row.code_session_id = row.typed_sealed = None
    if after in (SigningState.DONE, SigningState.OVER):
        row.data_sealed = None


def _open(agreement_id: int) -> Signing | None:
    mine = (Signing.agreement_id == agreement_id) & Signing.state.in_(_OPEN)
    return db.session.execute(select(Signing).where(mine).with_for_update()).scalar()
