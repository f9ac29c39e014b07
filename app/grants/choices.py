"""What select fields of this room offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flask_babel import gettext as _

from app.base.ids import MAX_ID
from app.base.states import Labelled
from app.programmes import queries as programmes
from app.staff import queries as staff
from app.ui import filters
from app.ui.languages import language

Pairs = list[tuple[Any, str]]
E = TypeVar("E", bound=Labelled)


def row_id(value: Any) -> int | None:
    """For SelectField(coerce=…): an id, 0 where a form offers "none of these", or None for the empty choice.
    ValueError for what no row can have."""
    if value in (None, "", "None"):
        return None
    number = int(value)
    if not 0 <= number <= MAX_ID:
        raise ValueError(value)
    return number


def optional(states: type[E]) -> Callable[[Any], E | None]:
    """For SelectField(coerce=…): a state, or None for the empty choice."""

    def coerce(value: Any) -> E | None:
        return states(value) if value not in (None, "", "None") else None

    return coerce


def labelled(members: Iterable[Labelled]) -> Pairs:
    return [(member.value, filters.label(member)) for member in members]


def people(keep: int | None = None, empty: str = "") -> Pairs:
    """Staff with an open account, and whoever is chosen now."""
    found: Pairs = [("", empty or _("Nobody yet"))]
    found += [(person.id, person.name) for person in staff.active_staff()]
    if keep is not None and all(value != keep for value, _name in found):
        found += [(person.id, person.name) for person in staff.by_ids([keep]).values()]
    return found


def programme_pairs(keep: int | None = None) -> Pairs:
    """Programmes in use, and the one chosen now."""
    shown = [each for each in programmes.all_programmes() if each.active or each.id == keep]
    return [("", _("Not tied to a programme")), *((each.id, each.name(language())) for each in shown)]


def fund_pairs(keep: int | None = None) -> Pairs:
    shown = [each for each in programmes.all_funds() if each.active or each.id == keep]
    return [("", _("No restricted fund")), *((each.id, each.name(language())) for each in shown)]


def every_programme() -> Pairs:
    return [(each.id, each.name(language())) for each in programmes.all_programmes()]


def every_fund() -> Pairs:
    return [(each.id, each.name(language())) for each in programmes.all_funds()]
