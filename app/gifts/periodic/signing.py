"""Signing an agreement online: offered by us, signed by the donor, then by us. Inside the caller's `writing()`.

Off without a tax adviser's approval: then each verb refuses. The donor signs from their own page with their full
name, their yes to the exact text and a code mailed to their address; that code works only in the session that asked
for it, a quarter of an hour, five tries, once.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.dates import local_date
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import StoredFile
from app.extensions import db, settings
from app.gifts.periodic import chores, offers, paper, services
from app.gifts.periodic.models import Agreement, AgreementState
from app.gifts.periodic.services import SUBJECT, Signature
from app.gifts.periodic.signing_models import Signing, SigningState
from app.organisation.signing import standing
from app.outbox.services import queue_mail
from app.supporters import queries as supporters
from app.vault.services import blind_index, seal, unseal

DAYS = 30  # that an offer stands
CODE_LIFE = timedelta(minutes=15)
TRIES = 5
TEXT, SIGNED = "to_sign", "signed"  # what the documents are called
_DECLINED = {"nl": "De donateur zag ervan af", "en": "The donor did not want it"}
OFF = N_("Signing online is off: a tax adviser's approval must be recorded first.")
_NEEDED = ("birth_date", "birth_place", "street", "postcode", "town")


@dataclass(frozen=True, slots=True)
class Visitor:
    """The donor who signs: whose page it is, in which session, and the mailbox that session came from."""

    supporter_id: int
    session_id: int
    mailbox: str
    browser: str


def why_not(row: Agreement, *, also_sent: bool = False) -> str:
    """Why this agreement can only be signed on paper, as a msgid; empty where it can be offered online.
    `also_sent`: or once it is drawn up anew."""
    if row.state is not AgreementState.DRAFT and not (also_sent and row.state is AgreementState.SENT):
        return N_("Only an agreement that is being drawn up can be offered to be signed online.")
    if row.has_partner:
        return N_("The donor's partner signs as well: that goes on paper.")
    if any(getattr(row, name) in (None, "") for name in _NEEDED):
        return N_("Fill in date and place of birth and the address first: the text is signed as it stands.")
    if not supporters.primary_emails([row.supporter_id]).get(row.supporter_id):
        return N_("We know no e-mail address of this donor: it goes on paper.")
    return ""


def offer(
    agreement_id: int, file: StoredFile, data: dict[str, Any], *, tell: bool = True, actor: Actor, now: datetime
) -> int:
    """Lay the text ready to be signed. `file` is the PDF that was made of `data`; `tell` the donor by mail.
    Raises Refused where the agreement changed since, or may not be signed online."""
    approval, row = standing(), services.locked(agreement_id)
    if approval is None:
        raise Refused(OFF)
    if reason := why_not(row):
        raise Refused(reason)
    if paper.to_sign(row) != data:
        raise Refused(N_("This changed in the meantime. Look at how it stands now."))
    services.send(agreement_id, actor=actor, now=now)
    signing_id = new_id()
    signing = Signing(
        id=signing_id, agreement_id=row.id, supporter_id=row.supporter_id, approval_id=approval.id,
        state=SigningState.OFFERED, text_sha256=file.sha256, offered_at=now, code_tries=0,
        data_sealed=seal(json.dumps(data), f"signing:{signing_id}"),
        last_day=local_date(now) + timedelta(days=DAYS),
    )  # fmt: skip
    db.session.add(signing)
    documents.attach(file, (SUBJECT, row.id), TEXT, actor=actor, now=now)
    _told("agreement.offered_online", signing, actor, now)
    if tell:
        to = supporters.primary_emails([row.supporter_id])[row.supporter_id]
        _mail("gifts/periodic_offered", to, row, signing, now)
    return signing_id


def ask_code(signing_id: int, visitor: Visitor, name: str, place: str, consent: str, *, now: datetime) -> None:
    """Mail a code to the donor's address; one asked for before stops working. `consent`: the words agreed to."""
    signing, row = _to_sign(signing_id, visitor, now)
    full = f"{row.first_names} {row.last_name}"
    if _bare(name) != _bare(full):
        raise Invalid(N_("Type your name as it stands in the agreement: %(name)s"), field="name", name=full)
    code = f"{secrets.randbelow(1_000_000):06d}"
    signing.code_hash, signing.code_until = _hash(signing.id, code), now + CODE_LIFE
    signing.code_session_id, signing.code_tries = visitor.session_id, 0
    typed = json.dumps({"name": name, "place": place, "consent": consent})
    signing.typed_sealed = seal(typed, f"signing-typed:{signing.id}")
    minutes = int(CODE_LIFE.total_seconds() // 60)
    _mail("gifts/periodic_code", visitor.mailbox, row, signing, now, code=code, minutes=minutes, once=new_id())


def waits_for_code(signing: Signing, session_id: int, now: datetime) -> bool:
    """Whether a code is under way to this session that still works."""
    alive = signing.code_until is not None and signing.code_until > now and signing.code_tries < TRIES
    return alive and signing.code_session_id == session_id


def sign(signing_id: int, visitor: Visitor, code: str, *, actor: Actor, now: datetime) -> bool:
    """The donor's signature, with the code. False where it is not right: a try is counted, so commit that too."""
    signing, row = _to_sign(signing_id, visitor, now)
    if not waits_for_code(signing, visitor.session_id, now):
        return False
    signing.code_tries += 1
    if not hmac.compare_digest(signing.code_hash or b"", _hash(signing.id, re.sub(r"[\s-]", "", code))):
        return False
    typed = json.loads(unseal(signing.typed_sealed or b"", f"signing-typed:{signing.id}"))
    offers.move(signing, SigningState.SIGNED)
    signing.donor_at, signing.donor_name, signing.consent = now, typed["name"], typed["consent"]
    signing.donor_mailbox, signing.donor_browser = visitor.mailbox, visitor.browser[:80]
    services.sign(row.id, Signature(on=local_date(now), place=typed["place"]), actor=actor, now=now)
    _told("agreement.signed_online", signing, actor, now)
    _mail("gifts/periodic_signed", visitor.mailbox, row, signing, now)
    chores.countersign(row, actor=actor, now=now)
    return True


def decline(signing_id: int, supporter_id: int, *, actor: Actor, now: datetime) -> None:
    """The donor does not want it, or takes the signature back while ours is not there."""
    signing, row = locked(signing_id)
    if row.supporter_id != supporter_id:
        raise _not_here()
    services.withdraw(signing.agreement_id, note=_DECLINED[settings().default_language], actor=actor, now=now)


def both(signing: Signing, row: Agreement, name: str, function: str, place: str, at: datetime) -> dict[str, Any]:
    """What the copy with both signatures says, for `pdf.render`: the words that the donor signed, and how."""
    text = json.loads(unseal(signing.data_sealed or b"", f"signing:{signing.id}"))
    assert signing.donor_at
    with force_locale(row.language):
        code = _("Signed on their own page, with a code mailed to %(to)s; %(browser)s.",
                 to=signing.donor_mailbox, browser=signing.donor_browser)  # fmt: skip
        staff = _("Signed in as a member of staff who may sign for the charity.")
    donor = paper.Signed(signing.donor_name or "", "", row.signed_place or "", signing.donor_at, code)
    ours = paper.Signed(name, function, place, at, staff)
    return paper.with_both(text, row.language, signing.text_sha256, donor, signing.consent or "", ours)


def countersign(signing_id: int, signature: Signature, copy: StoredFile, *, actor: Actor, now: datetime) -> None:
    """Our signature: the agreement runs. `copy` is the PDF with both signatures; the donor hears that it is there."""
    signing, row = locked(signing_id)
    if standing() is None:
        raise Refused(OFF)
    signing.signed_sha256, signing.charity_at, signing.charity_staff_id = copy.sha256, now, actor.id
    offers.move(signing, SigningState.DONE)
    services.activate(row.id, signature, actor=actor, now=now)
    documents.attach(copy, (SUBJECT, row.id), SIGNED, actor=actor, now=now)
    _told("agreement.countersigned_online", signing, actor, now)
    to = supporters.primary_emails([row.supporter_id]).get(row.supporter_id) or signing.donor_mailbox
    if to:
        _mail("gifts/periodic_done", to, row, signing, now)


def locked(signing_id: int) -> tuple[Signing, Agreement]:
    """The signing with its agreement, both held until the transaction ends, the agreement first as everywhere.
    Raises NotFound."""
    found = db.session.execute(select(Signing.agreement_id).where(Signing.id == signing_id)).scalar()
    if found is None:
        raise _not_here()
    row = services.locked(found)
    return db.session.get_one(Signing, signing_id, with_for_update=True, populate_existing=True), row


def _to_sign(signing_id: int, visitor: Visitor, now: datetime) -> tuple[Signing, Agreement]:
    signing, row = locked(signing_id)
    if standing() is None or row.supporter_id != visitor.supporter_id:
        raise _not_here()
    if not signing.is_open_to_sign(local_date(now)):
        raise Refused(N_("This cannot be signed any more. Look below at how it stands now."))
    return signing, row


def _not_here() -> NotFound:
    return NotFound(N_("This is not on your page."))


def _bare(name: str) -> str:
    """Letters and figures only, without accents: how somebody spaces or dots a name is theirs."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(c for c in plain if c.isalnum())


def _hash(signing_id: int, code: str) -> bytes:
    # A million codes are soon tried against a plain hash: keyed, it says nothing to who reads the table.
    return blind_index(f"{signing_id}:{code}", "signing code")


def _mail(template: str, to: str, row: Agreement, signing: Signing, now: datetime, **more: Any) -> None:
    once = more.pop("once", "")
    data = {"salutation": supporters.get(row.supporter_id).salutation(), "english": row.language == "en"} | more
    key = f"{template}:{signing.id}:{once}"
    queue_mail(template, to, data, language=row.language, now=now, key=key, person_id=row.supporter_id)


def _told(action: str, signing: Signing, actor: Actor, now: datetime) -> None:
    told = {"sha256": [None, signing.signed_sha256 or signing.text_sha256]}
    audit.record(action, (SUBJECT, signing.agreement_id), actor=actor, now=now, changes=told)
