"""Finding supporters while people type, and narrowing the list: the same on both databases.

Every word is a range over folded tokens. The rarest condition drives and the others are checked
row by row (EXISTS with OFFSET 0, which keeps PostgreSQL from turning them into joins). What is
rare is measured first by counting a bounded number of index entries, so that the work does not
grow with the table. An IBAN is found only whole, by its blind index; a reference leads straight
to its row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, select
from sqlalchemy.orm import aliased

from app.base.errors import DomainError
from app.base.iban import check_iban
from app.base.references import id_of
from app.extensions import db
from app.supporters import queries
from app.supporters.contact import check_phone
from app.supporters.contact_models import Iban
from app.supporters.matching import fold, words_of
from app.supporters.models import Kind, Supporter, SupporterToken, TokenKind
from app.supporters.sealed import iban_lookup

RARE = 5000  # a condition with at most so many rows may drive a sorted list
_LOOKED_AT = 80  # tokens looked at for one suggestion list
_LAST = "\U0010ffff"
ACTIVE = Supporter.merged_into_id.is_(None) & Supporter.anonymised_at.is_(None)


@dataclass(frozen=True, slots=True)
class Condition:
    """Supporters for whom a row exists: `column` is its supporter id, `where` what the row must be."""

    column: Any
    where: tuple[ColumnElement[bool], ...]

    def ids(self) -> Select[Any]:
        return select(self.column).where(*self.where)

    def holds_for(self, supporter_id: Any) -> ColumnElement[bool]:
        inner = select(literal(1)).where(self.column == supporter_id, *self.where).offset(0)
        return exists(inner.correlate_except(self.column.parent.entity))

    def bounded(self) -> Any:
        rows = self.ids().limit(RARE + 1).subquery()
        return select(func.count()).select_from(rows).scalar_subquery()


def word(text: str, *, notes: bool) -> Condition:
    """Supporters with a token that begins like this."""
    token = aliased(SupporterToken)
    where: tuple[ColumnElement[bool], ...] = (token.token >= text, token.token < text + _LAST)
    if not notes:
        where += (token.kind != TokenKind.NOTE,)
    return Condition(token.supporter_id, where)


def exact(query: str) -> Condition | None:
    """An IBAN, reference or phone number typed in full leads to its own row and nothing else."""
    if (row_id := id_of(query)) is not None:
        supporter = aliased(Supporter)
        return Condition(supporter.id, (supporter.id == row_id,))
    if re.match(r"\s*[A-Za-z]{2}\s*\d{2}", query):
        try:
            iban = aliased(Iban)
            return Condition(iban.supporter_id, (iban.lookup == iban_lookup(check_iban(query)),))
        except DomainError:
            return None
    if re.fullmatch(r"[+0][\d\s().-]{8,}", query.strip()):
        try:
            token = aliased(SupporterToken)
            number = check_phone(query).lstrip("+")
            return Condition(token.supporter_id, (token.token == number, token.kind == TokenKind.CONTACT))
        except DomainError:
            return None
    return None


def conditions(query: str, *, notes: bool) -> list[Condition] | None:
    """What a typed query asks for; None where it holds nothing to search by."""
    if (one := exact(query)) is not None:
        return [one]
    words = words_of(query)
    return [word(w, notes=notes) for w in words] if words else None


def counts(wanted: Sequence[Condition]) -> list[int]:
    """How many rows each condition has, counted up to RARE + 1, in one statement."""
    if not wanted:
        return []
    return list(db.session.execute(select(*(c.bounded() for c in wanted))).one())


def narrow(statement: Select[Any], wanted: Sequence[Condition]) -> Select[Any]:
    """Keep the supporters for whom all conditions hold; a rare one drives, if there is one."""
    if not wanted:
        return statement
    found = counts(wanted)
    rarest = found.index(min(found))
    for at, condition in enumerate(wanted):
        if at == rarest and found[at] <= RARE:
            # Materialised, so that neither database walks the whole sort order instead.
            few = condition.ids().distinct().limit(RARE + 1).subquery()
            statement = statement.where(Supporter.id.in_(select(few)))
        else:
            statement = statement.where(condition.holds_for(Supporter.id))
    return statement


@dataclass(frozen=True, slots=True)
class Hit:
    """A supporter as a suggestion shows it."""

    id: int
    name: str
    kind: Kind
    place: str
    email: str


def suggest(query: str, *, notes: bool, limit: int = 10) -> list[Hit]:
    """The best matches while somebody types: whole words before beginnings, then by name."""
    wanted = conditions(query, notes=notes)
    if wanted is None:
        return []
    found = counts(wanted)
    order = sorted(range(len(wanted)), key=found.__getitem__)
    driver, others = wanted[order[0]], [wanted[i] for i in order[1:]]
    if not found[order[0]]:
        return []
    rows = driver.ids().where(*(o.holds_for(driver.column) for o in others)).limit(_LOOKED_AT)
    if driver.column.key == "supporter_id" and hasattr(driver.column.parent.entity, "token"):
        rows = rows.order_by(driver.column.parent.entity.token, driver.column)
    ids = list(dict.fromkeys(db.session.execute(rows).scalars()))
    people = db.session.execute(select(Supporter).where(Supporter.id.in_(ids), ACTIVE)).scalars().all()
    typed = set(words_of(query))
    best = sorted(people, key=lambda s: (-len(typed & set(fold(s.display_name).split())), s.sort_key, s.id))[:limit]
    places = queries.current_addresses([s.id for s in best])
    emails = queries.primary_emails([s.id for s in best])
    return [
        Hit(s.id, s.display_name, s.kind, places[s.id].place if s.id in places else "", emails.get(s.id, ""))
        for s in best
    ]
