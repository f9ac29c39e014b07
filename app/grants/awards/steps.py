"""The steps of a grant that a person takes by hand, as buttons say them: verbs, not states."""

from __future__ import annotations

from flask_babel import gettext as _

from app.base.states import N_
from app.grants.awards.models import GRANT_MOVES, GrantState

_S = GrantState
_WORDS = {
    _S.ACTIVE: N_("Go back to carrying it out"),
    _S.EXTENDED: N_("Extend the grant"),
    _S.REPORTING: N_("Begin to account for it"),
    _S.CLOSED: N_("Close the grant"),
    _S.TERMINATED: N_("End the grant early"),
}


def words(before: GrantState, wanted: GrantState) -> str:
    """What the button says that leads from one state to another; a state nobody moves to by hand keeps its name."""
    if before is _S.CLOSED and wanted is _S.REPORTING:
        return str(_("Open the grant again"))
    return str(_(_WORDS.get(wanted, wanted.label)))


def offered(state: GrantState) -> list[tuple[GrantState, str]]:
    """What can be done by hand: signing, settling and turning back have forms of their own."""
    wanted = {s for s in GRANT_MOVES.following(state) if s in _WORDS}
    if state is _S.CONTRACTING:
        wanted.discard(_S.ACTIVE)
    if state is _S.CLAWBACK:
        wanted &= {_S.CLOSED}
    return [(s, words(state, s)) for s in _WORDS if s in wanted]
