"""Signing up for news: asked for on a page, confirmed from the mailbox, left by a link in every mailing.

Asking makes no supporter and sends one mail to the address, whatever is known of it: outside,
known and unknown addresses look the same. Confirming finds or makes the supporter and records
the consent with its proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from app.base.actor import PUBLIC
from app.base.ids import new_id, stable_id
from app.base.works import Payload, periodic
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.links import services as links
from app.outbox.services import queue_mail
from app.supporters import consents, queries
from app.supporters.consent_models import Basis, Channel, Consent, NewsletterRequest, Objection, Purpose
from app.supporters.contact import email_key
from app.supporters.contact_models import Email
from app.supporters.drafts import PersonDraft
from app.supporters.matching import fold
from app.supporters.models import Kind, Language, Supporter
from app.supporters.names import Name, tidy
from app.supporters.services import create_person
from app.vault.services import blind_index, seal, unseal

CONFIRM, LEAVE = "newsletter.confirm", "newsletter.leave"
TEXT_VERSION = "nieuws-2026-11"  # change it with the words on the sign-up page
LIFETIME = timedelta(days=7)
KEEP = timedelta(days=30)
MAILS_A_DAY = 3  # to one address: nobody's mailbox is filled through our form


def request(email: str, name: str, language: str, source: str, now: datetime, *, asked_from: str = "") -> None:
    """Ask for confirmation by mail, in this transaction. `email` is checked; `asked_from` is a hash
    of where the request came from, kept as proof. Says nothing about whether the address is known."""
    lookup = blind_index(email_key(email), "newsletter")
    recent = (NewsletterRequest.email_lookup == lookup) & (NewsletterRequest.requested_at > now - timedelta(days=1))
    asked = db.session.execute(select(func.count()).select_from(NewsletterRequest).where(recent)).scalar() or 0
    if asked >= MAILS_A_DAY:
        return
    row_id = new_id()
    db.session.add(
        NewsletterRequest(
            id=row_id,
            email_sealed=seal(email, f"newsletter-email:{row_id}"),
            email_lookup=lookup,
            name_sealed=seal(name, f"newsletter-name:{row_id}") if name else None,
            language=language,
            source=source,
            text_version=TEXT_VERSION,
            asked_from=asked_from,
            requested_at=now,
        )
    )
    token = links.issue(CONFIRM, row_id, now=now, lifetime=LIFETIME)
    data = {"name": name, "token": token, "days": LIFETIME.days}
    queue_mail("supporters/newsletter_confirm", email, data, language=language, now=now, key=_mail_key(row_id))


def _mail_key(request_id: int) -> str:
    return f"newsletter.confirm:{request_id}"


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-up that waits for its confirmation."""

    request_id: int
    email: str
    language: str


def pending(token: str, *, now: datetime) -> Pending:
    """What a confirmation link is for. Looks only: mail scanners open links too. Raises NotFound."""
    view = links.look(CONFIRM, token, now=now)
    row = db.session.get_one(NewsletterRequest, view.subject_id)
    return Pending(row.id, unseal(row.email_sealed, f"newsletter-email:{row.id}"), row.language)


def confirm(token: str, *, now: datetime) -> int:
    """Use the link: the consent counts from now. Returns the supporter's id. Raises NotFound for a used link."""
    view = links.consume(CONFIRM, token, now=now)
    row = db.session.get_one(NewsletterRequest, view.subject_id)
    email = unseal(row.email_sealed, f"newsletter-email:{row.id}")
    name = unseal(row.name_sealed, f"newsletter-name:{row.id}") if row.name_sealed else ""
    row.confirmed_at = now
    supporter_id = _whose(email, name)
    if supporter_id is None:
        draft = PersonDraft(
            name=Name(first_name=tidy(name)),
            email=email,
            language=Language.EN if row.language == "en" else Language.NL,
            source="newsletter",
        )
        supporter_id = create_person(draft, actor=PUBLIC, now=now)
    asked = row.requested_at.isoformat(timespec="seconds")
    mail = f"{stable_id(f'mail:{_mail_key(row.id)}'):016x}"
    proof = f"asked {asked} from {row.asked_from or 'unknown'}, confirmed from the mailbox by the link in mail {mail}"
    _lift_own_objection(supporter_id, proof, now)
    consents.record_consent(
        supporter_id, Channel.EMAIL, Purpose.NEWS, Basis.CONSENT,
        source=row.source, text_version=row.text_version, proof=proof, actor=PUBLIC, now=now,
    )  # fmt: skip
    return supporter_id


def _whose(email: str, name: str) -> int | None:
    """The living person with this address; of several the one with this first name, else the oldest record."""
    people = [s for s in queries.by_email(email) if not s.is_deceased]
    same = [s for s in people if name and s.kind is Kind.PERSON and fold(s.first_name) == fold(name)]
    return next((s.id for s in same + people), None)


def _lift_own_objection(supporter_id: int, proof: str, now: datetime) -> None:
    """Somebody who signs up from their own mailbox takes an earlier objection to e-mail back."""
    standing = (Objection.supporter_id == supporter_id) & (Objection.channel == Channel.EMAIL)
    ids = db.session.execute(select(Objection.id).where(standing, Objection.lifted_at.is_(None))).scalars().all()
    for objection_id in ids:
        consents.lift_objection(objection_id, supporter_id, proof=proof, actor=PUBLIC, now=now)


def leave_token(email_id: int, *, now: datetime) -> str:
    """A link to leave the mailing, for one e-mail address; it works as often and as long as it takes."""
    return links.issue(LEAVE, email_id, now=now, lifetime=None, single_use=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a leave link is for. `email` is masked; None once the address is gone from our records."""

    email: str | None
    subscribed: bool
    language: str


def subscription(token: str, *, now: datetime) -> Subscription:
    """Whether news still goes to the address behind this link. Raises NotFound for an unknown link."""
    row = _email_of(token, now)
    supporter = db.session.get(Supporter, row.supporter_id) if row else None
    if row is None or supporter is None:
        return Subscription(None, False, "nl")
    return Subscription(mask(row.address), _subscribed(supporter.id), supporter.language.value)


def leave(token: str, *, now: datetime) -> bool:
    """No more news to this address. False if that was so already. The link may be used again."""
    row = _email_of(token, now)
    if row is None or not _subscribed(row.supporter_id):
        return False
    return consents.withdraw(row.supporter_id, Channel.EMAIL, Purpose.NEWS, source="leave link", actor=PUBLIC, now=now)


def _email_of(token: str, at: datetime) -> Email | None:
    return db.session.get(Email, links.look(LEAVE, token, now=at).subject_id)


def _subscribed(supporter_id: int) -> bool:
    standing = (
        (Consent.supporter_id == supporter_id) & (Consent.channel == Channel.EMAIL)
        & (Consent.purpose == Purpose.NEWS) & (Consent.basis == Basis.CONSENT) & Consent.withdrawn_at.is_(None)
    )  # fmt: skip
    return db.session.execute(select(Consent.id).where(standing).limit(1)).first() is not None


def mask(address: str) -> str:
    """`j•••@example.nl`"""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def forget_requests(emails: Iterable[str]) -> None:
    """Remove sign-ups with these addresses, with their links; inside `with writing():`."""
    lookups = [blind_index(email_key(email), "newsletter") for email in emails]
    ids = list(db.session.scalars(select(NewsletterRequest.id).where(NewsletterRequest.email_lookup.in_(lookups))))
    links.remove(CONFIRM, ids)
    db.session.execute(delete(NewsletterRequest).where(NewsletterRequest.id.in_(ids)))


@periodic("newsletter.forget", daily_at="03:50")
def forget(payload: Payload) -> None:
    """Remove sign-ups after 30 days: confirmed ones live on as consents, the others leave nothing."""
    before = now() - KEEP
    while True:
        with writing_in_bulk() as session:
            old = select(NewsletterRequest.id).where(NewsletterRequest.requested_at < before).limit(500)
            ids = list(session.execute(old).scalars())
            session.execute(delete(NewsletterRequest).where(NewsletterRequest.id.in_(ids)))
        if len(ids) < 500:
            return
