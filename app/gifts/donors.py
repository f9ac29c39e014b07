"""Whose gift it is: a returning donor is recognised only as far as is safe.

The same e-mail address and the same name: the same supporter. The same address with another name
(a couple, somebody's secretary, or a stranger who typed it): a new supporter, and the pair is put
before staff. What is known of a supporter is never shown to whoever gives, nor changed by it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, bindparam, func, literal, select

from app.base.actor import Actor
from app.extensions import db
from app.supporters.contact import email_key
from app.supporters.contact_models import Email
from app.supporters.drafts import Draft, OrganisationDraft, PersonDraft
from app.supporters.matching import fold, fold_surname
from app.supporters.models import Kind, Language, Supporter
from app.supporters.names import Name, split_surname, tidy, tidy_infix, tidy_initials
from app.supporters.services import create_people

_LANGUAGES = {language.value: language for language in Language}
_LIVING = (
    select(Email.address_key, Supporter)
    .join(Supporter, Supporter.id == Email.supporter_id)
    .where(
        Email.address_key.in_(bindparam("keys", expanding=True)),
        Supporter.merged_into_id.is_(None),
        Supporter.anonymised_at.is_(None),
    )
    .order_by(Supporter.id.desc())
)
_LOCKS = 0x64_76_64  # the space of our advisory locks on e-mail addresses
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.\s*)+|[^\W\d_]|[A-Z]{2,3}")


@dataclass(frozen=True, slots=True)
class Giver:
    """What a donor typed about themselves."""

    first_name: str
    infix: str
    last_name: str
    email: str
    language: str
    source: str
    organisation: str = ""  # who gives, where it is not the person themselves

    @property
    def name(self) -> Name:
        infix, last_name = tidy_infix(self.infix), self.last_name
        if not infix:
            infix, last_name = split_surname(last_name)
        first, initials = self.first_name.strip(), ""
        # A letter that knows no capitals (李) is a name, not the first letter of one.
        if _INITIALS.fullmatch(first) and first.upper() != first.lower():
            first, initials = "", tidy_initials(first)
        return Name(first_name=tidy(first), initials=initials, infix=infix, last_name=tidy(last_name))

    @property
    def key(self) -> tuple[str, str, str]:
        who = _organisation_key(self.organisation) if self.organisation else _name_key(self.name)
        return (email_key(self.email), *who)

    @property
    def draft(self) -> Draft:
        language = _LANGUAGES[self.language]
        if self.organisation:
            return OrganisationDraft(name=self.organisation, email=self.email, language=language, source=self.source)
        return PersonDraft(name=self.name, email=self.email, language=language, source=self.source)


def _name_key(name: Name) -> tuple[str, str]:
    """Equal for names that are written the same but for case, accents, dots and a missing particle."""
    return fold(name.first_name or name.initials).replace(" ", ""), fold_surname(f"{name.infix} {name.last_name}")


def _organisation_key(name: str) -> tuple[str, str]:
    return "\0organisation", fold(name)  # no person's first name is folded to this


def find_or_create(givers: Sequence[Giver], *, actor: Actor, now: datetime) -> list[int]:
    """The supporter of each giver, in order; a constant number of statements for those who are known."""
    known = _known([giver.key[0] for giver in givers])
    if unknown := {giver.key[0] for giver in givers if giver.key not in known}:
        _alone(unknown)
        known |= _known(list(unknown))
    new: dict[tuple[str, str, str], Draft] = {}
    for giver in givers:
        if giver.key not in known and giver.key not in new:
            new[giver.key] = giver.draft
    known |= zip(new, create_people(list(new.values()), actor=actor, now=now), strict=True)
    return [known[giver.key] for giver in givers]


def _alone(email_keys: Iterable[str]) -> None:
    """On PostgreSQL first gifts from one address wait for each other; on SQLite one writes at a time anyway."""
    if db.engine.dialect.name == "postgresql":
        for number in sorted({zlib.crc32(key.encode()) - (1 << 31) for key in email_keys}):
            db.session.execute(select(func.pg_advisory_xact_lock(_LOCKS, literal(number, Integer))))


def _known(email_keys: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """Living records by (e-mail, first name, surname), organisations by their name; of equal ones the oldest."""
    rows = db.session.execute(_LIVING, {"keys": set(email_keys)}) if email_keys else ()
    return {(key, *_key_of(supporter)): supporter.id for key, supporter in rows}


def _key_of(supporter: Supporter) -> tuple[str, str]:
    if supporter.kind is Kind.ORGANISATION:
        return _organisation_key(supporter.organisation_name)
    return _name_key(supporter.name)
