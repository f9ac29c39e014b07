"""Writing and sending news by e-mail. Sending is a job in small batches that can stop and go on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.base.works import Payload, job
from app.extensions import db, now, settings
from app.extensions.sql import insert_new
from app.extensions.transactions import writing_in_bulk
from app.jobs.services import enqueue
from app.letters.models import MOVES, Mailing, MailingRecipient, MailingState, MailingStep
from app.outbox.services import Mail, queue_mails
from app.supporters import consents, newsletter
from app.supporters.consent_models import Basis, Channel, Consent, Purpose
from app.supporters.contact import email_key
from app.supporters.contact_models import Email
from app.supporters.models import Supporter
from app.vault.services import blind_index

BATCH = 50  # mails queued in one write transaction
SEND = "letters.send"
TEMPLATE = "letters/news"


def write(
    mailing_id: int | None, *, subject: str, body: str, subject_en: str, body_en: str, actor: Actor, now: datetime
) -> int:
    """Make a mailing, or change one that is still a draft."""
    if mailing_id is None:
        row = Mailing(
            id=new_id(), state=MailingState.DRAFT, cursor=0, sent_count=0, created_by_id=actor.id, created_at=now
        )
        db.session.add(row)
        db.session.add(MailingStep(id=new_id(), mailing_id=row.id, state=MailingState.DRAFT, at=now, by_id=actor.id))
    else:
        row = find(mailing_id)
        if row.state is not MailingState.DRAFT:
            raise Refused(N_("This mailing is on its way and cannot be changed."))
    row.subject, row.body, row.subject_en, row.body_en = subject, body, subject_en, body_en
    action = "mailing.written" if mailing_id is None else "mailing.changed"
    audit.record(action, ("mailing", row.id), actor=actor, now=now, changes={"subject": [None, subject]})
    return row.id


def start(mailing_id: int, *, actor: Actor, now: datetime) -> None:
    """Send it, or go on where it was stopped."""
    row = _moved(mailing_id, MailingState.SENDING, "mailing.started", actor, now)
    row.started_at = row.started_at or now
    enqueue(SEND, {"mailing": str(mailing_id)}, now=now, key=f"{SEND}:{mailing_id}")


def stop(mailing_id: int, *, actor: Actor, now: datetime) -> None:
    """No further mail is queued; what is queued already goes out."""
    _moved(mailing_id, MailingState.STOPPED, "mailing.stopped", actor, now)


def send_test(mailing_id: int, to: str, *, language: str, actor: Actor, now: datetime) -> None:
    """The mail as recipients get it, to one of us; its leave link is an example."""
    row = find(mailing_id)
    data = content(row, language) | {"token": "x" * 27, "test": True}
    key = f"mailing.test:{mailing_id}:{new_id()}"
    queue_mails([Mail(template=TEMPLATE, to=to, language=language, key=key, data=data)], now=now)
    audit.record("mailing.tested", ("mailing", mailing_id), actor=actor, now=now)


def content(mailing: Mailing, language: str) -> dict[str, Any]:
    """What the template shows: English where it was written, else Dutch."""
    english = language == "en" and bool(mailing.body_en)
    return {
        "subject": mailing.subject_en if english and mailing.subject_en else mailing.subject,
        "body": mailing.body_en if english else mailing.body,
        "test": False,
    }


def find(mailing_id: int) -> Mailing:
    """The mailing, or NotFound."""
    row = db.session.get(Mailing, mailing_id)
    if row is None:
        raise NotFound(N_("This mailing does not exist."))
    return row


def _moved(mailing_id: int, state: MailingState, action: str, actor: Actor, now: datetime) -> Mailing:
    row = find(mailing_id)
    MOVES.check(row.state, state)
    row.state = state
    db.session.add(MailingStep(id=new_id(), mailing_id=mailing_id, state=state, at=now, by_id=actor.id))
    audit.record(action, ("mailing", mailing_id), actor=actor, now=now)
    return row


def _audience() -> Any:
    return select(Consent.supporter_id).where(
        Consent.channel == Channel.EMAIL, Consent.purpose == Purpose.NEWS, Consent.basis == Basis.CONSENT,
        Consent.withdrawn_at.is_(None),
    )  # fmt: skip


def count_audience() -> int:
    """People with a standing consent for news, before objections and shared mailboxes are taken out."""
    return db.session.execute(select(func.count()).select_from(_audience().distinct().subquery())).scalar() or 0


@job(SEND)
def send(payload: Payload) -> None:
    """Queue the next batch and the job for the one after it, in one transaction."""
    mailing_id = int(payload["mailing"])
    with writing_in_bulk():
        mailing = db.session.get(Mailing, mailing_id)
        if mailing is None or mailing.state is not MailingState.SENDING:
            return
        found = _audience().where(Consent.supporter_id > mailing.cursor).distinct()
        ids = list(db.session.execute(found.order_by(Consent.supporter_id).limit(BATCH)).scalars())
        if ids:
            mailing.sent_count += _queue(mailing, ids, now())
            mailing.cursor = ids[-1]
            enqueue(SEND, payload, now=now(), key=f"{SEND}:{mailing_id}")
        else:
            mailing.state, mailing.finished_at = MailingState.SENT, now()
            db.session.add(
                MailingStep(id=new_id(), mailing_id=mailing_id, state=MailingState.SENT, at=now(), by_id=None)
            )


def _queue(mailing: Mailing, ids: list[int], at: datetime) -> int:
    """Queue a mail for those who may and did not get it yet; how many."""
    allowed = consents.may_contact_many(ids, Channel.EMAIL, Purpose.NEWS, local_date(at))
    wanted = [i for i in ids if allowed[i]]
    rows = select(Email).where(Email.supporter_id.in_(wanted), Email.failed_at.is_(None))
    emails = {e.supporter_id: e for e in db.session.execute(rows.order_by(Email.is_primary, Email.id.desc())).scalars()}
    speaks = select(Supporter.id, Supporter.language).where(Supporter.id.in_(list(emails)))
    languages = dict(db.session.execute(speaks).all())
    new = [
        {
            "id": new_id(), "mailing_id": mailing.id, "supporter_id": supporter_id, "queued_at": at,
            "address_index": blind_index(email_key(email.address), "mailing"),
        }
        for supporter_id, email in sorted(emails.items())
    ]  # fmt: skip
    if not new:
        return 0
    statement = insert_new(MailingRecipient).returning(MailingRecipient.supporter_id)
    told = list(db.session.execute(statement, new).scalars())
    mails = []
    for supporter_id in told:
        token = newsletter.leave_token(emails[supporter_id].id, now=at)
        language = languages[supporter_id].value
        leave = f"{settings().public_url}/nieuws/afmelden/{token}"
        mails.append(
            Mail(
                template=TEMPLATE,
                to=emails[supporter_id].address,
                language=language,
                key=f"mailing:{mailing.id}:{supporter_id}",
                data=content(mailing, language) | {"token": token},
                person_id=supporter_id,
                headers={"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
            )
        )
    queue_mails(mails, now=at)
    return len(mails)
