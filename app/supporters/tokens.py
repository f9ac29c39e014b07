"""Search tokens: written whenever something that a supporter is found by changes.

A token belongs to the row it comes from (`source_id`), so that removing an address removes its words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select

from app.base.ids import new_ids
from app.extensions import db
from app.extensions.sql import insert_rows
from app.supporters.contact_models import Address, Email, Phone
from app.supporters.interaction_models import Interaction
from app.supporters.matching import email_tokens, tokens_of
from app.supporters.models import Kind, Supporter, SupporterToken, TokenKind

MAX_NOTE_TOKENS = 300

Words = tuple[int, int, TokenKind, set[str]]  # supporter, source, kind, tokens


def name_words(supporter_id: int, *names: str) -> Words:
    return supporter_id, supporter_id, TokenKind.NAME, set().union(*(tokens_of(n) for n in names))


def email_words(supporter_id: int, source_id: int, address: str) -> Words:
    return supporter_id, source_id, TokenKind.CONTACT, email_tokens(address)


def phone_words(supporter_id: int, source_id: int, number: str) -> Words:
    return supporter_id, source_id, TokenKind.CONTACT, {number.lstrip("+")}


def place_words(supporter_id: int, source_id: int, place: str, postcode: str) -> Words:
    return supporter_id, source_id, TokenKind.PLACE, tokens_of(place) | tokens_of(postcode.replace(" ", ""))


def note_words(supporter_id: int, source_id: int, *texts: str) -> Words:
    """The words of three letters and more; of very long notes the first few hundred in order of the alphabet."""
    words = sorted(w for w in set().union(*(tokens_of(t) for t in texts)) if len(w) > 2)
    return supporter_id, source_id, TokenKind.NOTE, set(words[:MAX_NOTE_TOKENS])


def write(entries: Iterable[Words]) -> None:
    """Insert the tokens of these sources with one statement."""
    rows: list[dict[str, Any]] = [
        {"supporter_id": supporter, "source_id": source, "kind": kind, "token": token}
        for supporter, source, kind, tokens in entries
        for token in sorted(tokens)
        if token
    ]
    if rows:
        for row, row_id in zip(rows, new_ids(len(rows)), strict=True):
            row["id"] = row_id
        insert_rows(SupporterToken, rows)


def forget(source_ids: Iterable[int]) -> None:
    """Remove the tokens that come from these rows."""
    db.session.execute(delete(SupporterToken).where(SupporterToken.source_id.in_(list(source_ids))))


def rewrite(entry: Words) -> None:
    forget([entry[1]])
    write([entry])


def names_of(supporter: Supporter) -> tuple[str, ...]:
    """All the names somebody is found by, also those not shown (own name beside the partner's)."""
    if supporter.kind is Kind.ORGANISATION:
        return (supporter.organisation_name,)
    parts = (supporter.first_name, supporter.initials.replace(".", ""), supporter.infix, supporter.last_name)
    return (*parts, supporter.partner_infix, supporter.partner_name)


def rebuild(supporter_id: int) -> None:
    """Make all tokens of one supporter anew, after a merge or its undoing."""
    db.session.execute(delete(SupporterToken).where(SupporterToken.supporter_id == supporter_id))
    supporter = db.session.get(Supporter, supporter_id)
    if supporter is None or not supporter.is_active:
        return
    entries = [name_words(supporter_id, *names_of(supporter))]
    for email in db.session.execute(select(Email).where(Email.supporter_id == supporter_id)).scalars():
        entries.append(email_words(supporter_id, email.id, email.address))
    for phone in db.session.execute(select(Phone).where(Phone.supporter_id == supporter_id)).scalars():
        entries.append(phone_words(supporter_id, phone.id, phone.number))
    for address in db.session.execute(select(Address).where(Address.supporter_id == supporter_id)).scalars():
        entries.append(place_words(supporter_id, address.id, address.place, address.postcode))
    for note in db.session.execute(select(Interaction).where(Interaction.supporter_id == supporter_id)).scalars():
        entries.append(note_words(supporter_id, note.id, note.subject, note.body))
    write(entries)
