"""Another mailbox for a donor: after staff checked who asks, or confirmed from it by the donor; told to both."""

from __future__ import annotations

from datetime import datetime

from app.base.actor import Actor
from app.base.errors import Invalid
from app.base.ids import new_id
from app.base.states import N_, Labelled
from app.outbox.services import Mail, queue_mails
from app.supporters import contacts, interactions
from app.supporters.contact import email_key
from app.supporters.interaction_models import InteractionKind
from app.supporters.models import Supporter
from app.supporters.queries import primary_emails
from app.supporters.services import loaded, touch


class Check(Labelled):
    """How staff made sure that the donor asks."""

    CALLED_BACK = "called_back", N_("Called back on the number we have")
    ANSWERED = "answered", N_("Knew the last gift and the last four of the account")
    LETTER = "letter", N_("Signed letter from the address we have")
    MET = "met", N_("Met in person")


def change(
    supporter_id: int, address: str, how: Check, told_as: str, note: str, *, actor: Actor, now: datetime
) -> None:
    """Make this the address that mails and sign-in links go to. The check is kept as a note (`told_as`, in the words
    of who did it) and in the trail; the old address hears that it was replaced. Raises Invalid where it is the
    address already."""
    supporter = loaded(supporter_id)
    old = primary_emails([supporter_id]).get(supporter_id, "")
    if email_key(old) == email_key(address):
        raise Invalid(N_("This is the address already."), field="email")
    interactions.add(supporter_id, InteractionKind.NOTE, subject=told_as, body=note, actor=actor, now=now)
    replace(supporter, old, address, how.value, actor=actor, now=now)


def replace(supporter: Supporter, old: str, address: str, how: str, *, actor: Actor, now: datetime) -> None:
    """Write to this address from now on; both mailboxes are told, the trail keeps `how` we knew who asked."""
    contacts.add_email(supporter.id, address, primary=True, actor=actor, now=now)
    told = {"how": [None, how], "email": [old or None, address]}
    touch(supporter, "supporter.mailbox_changed", actor=actor, now=now, changes=told)
    change_id = new_id()
    mails = [
        Mail(template="supporters/mailbox_changed", to=to, language=supporter.language.value,
             key=f"supporters/mailbox_changed:{change_id}:{place}", person_id=supporter.id,
             data={"salutation": supporter.salutation(), "old": place == "old"})
        for place, to in (("old", old), ("new", address)) if to
    ]  # fmt: skip
    queue_mails(mails, now=now)
