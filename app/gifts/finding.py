"""Which supporter a few typed words mean: a reference, an e-mail address, an IBAN, or a name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from app.base.actor import Actor
from app.base.errors import Invalid
from app.base.ids import id_in
from app.base.references import code_of, id_of
from app.base.states import N_
from app.supporters import queries, search
from app.supporters.drafts import OrganisationDraft, PersonDraft
from app.supporters.names import split_full_name
from app.supporters.services import create_organisation, create_person

MAKE, MAKE_ORGANISATION = "new", "organisation"  # picked where the donor must be made


@dataclass(frozen=True, slots=True)
class Found:
    """`id` where it is sure; else who it may be, and the name to make somebody of."""

    id: int | None = None
    hits: list[search.Hit] = field(default_factory=list)
    name: str = ""
    make: bool = False
    organisation: bool = False  # what is to be made


def code(supporter_id: int) -> str:
    return code_of(supporter_id)


def donor(typed: str, picked: str) -> Found:
    """Look for the donor. `picked` is the id that was chosen among those shown, MAKE, or MAKE_ORGANISATION."""
    if picked in (MAKE, MAKE_ORGANISATION):
        return Found(name=typed, make=True, organisation=picked == MAKE_ORGANISATION)
    row_id = id_in(picked) or id_of(typed)
    if row_id is not None and queries.names([row_id]):
        return Found(id=row_id)
    compact = typed.replace(" ", "").upper()
    exact = queries.by_email(typed) if "@" in typed else queries.by_iban(compact) if compact[:2].isalpha() else []
    if len(exact) == 1:
        return Found(id=exact[0].id)
    hits = search.suggest(typed, notes=False, limit=8)
    return Found(id=hits[0].id) if len(hits) == 1 else Found(hits=hits, name=typed)


def settle(found: Found, made_before: int | None, *, actor: Actor, now: datetime) -> int:
    """The supporter, made where that was picked and the same form did not make them before. Raises Invalid where
    it is not sure who is meant."""
    if found.id is not None:
        return found.id
    if found.make and made_before is not None:
        return made_before
    if found.make and found.organisation:
        return create_organisation(OrganisationDraft(name=found.name), actor=actor, now=now)
    if found.make:
        return create_person(PersonDraft(name=split_full_name(found.name)), actor=actor, now=now)
    if found.hits:
        raise Invalid(N_("More people are known by this: choose one below."), field="donor")
    raise Invalid(N_("Nobody is known by this. Make the donor below, or type something else."), field="donor")
