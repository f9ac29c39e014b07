"""Names behind the figures: grants with their funders. A funder is an organisation that everybody who reads
reports may know; who else gave is asked for where it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.funders.models import Funder
from app.supporters.models import Supporter

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class GrantName:
    title: str
    funder: str
    supporter_id: int  # the funder's


def grant_names(grant_ids: Iterable[int]) -> dict[int, GrantName]:
    """By grant id."""
    return {row.id: GrantName(row.title, row.display_name, row.supporter_id) for row in _rows(grant_ids)}


def _rows(grant_ids: Iterable[int]) -> Iterator[Any]:
    chosen = (
        select(Grant.id, Grant.title, Funder.supporter_id, Supporter.display_name)
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
    )
    ids = list(grant_ids)
    for start in range(0, len(ids), AT_ONCE):
        yield from db.session.execute(chosen.where(Grant.id.in_(ids[start : start + AT_ONCE])))
