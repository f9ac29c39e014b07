"""Passkeys (WebAuthn): a key pair in somebody's device or key ring, bound to the address of this installation.

A challenge is a link of five minutes for one purpose: its token is in the session's cookie, and it is used up
before an answer is looked at. Origin and relying party come from BASE_URL, whatever a request says of itself.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update

from app.base.actor import Actor
from app.base.errors import Invalid, NotFound, Refused
from app.base.states import N_
from app.extensions import db, settings
from app.links import services as links
from app.staff import second_step
from app.staff.models import Staff, StaffPasskey

LIFETIME = timedelta(minutes=5)
MOST = 20  # of one person
ADD, SECOND, ALONE, CONFIRM = "add", "second", "alone", "confirm"  # what a challenge is for
FAILED = N_("The passkey did not work. Try again, or choose another way.")


@dataclass(frozen=True, slots=True)
class New:
    """A passkey that a browser made and that proved itself; not stored yet."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Proof:
    """Whose passkey answered the challenge, and how often it says it did so."""

    passkey_id: int
    staff_id: int
    before: int
    sign_count: int


def site() -> str | None:
    """The name that passkeys are bound to; None where the address has none (browsers refuse numbers)."""
    name = urlsplit(settings().public_url).hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return name or None
    return None


def ask(purpose: str, staff_id: int, *, now: datetime) -> tuple[str, dict[str, Any]]:
    """A challenge: the token that goes in the session, and the options for `navigator.credentials.get`."""
    from webauthn import generate_authentication_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

    token, challenge = _challenge(purpose, staff_id, now)
    need = UserVerificationRequirement
    options = generate_authentication_options(
        rp_id=_site(),
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in _ids(staff_id)],
        user_verification=need.REQUIRED if purpose == ALONE else need.PREFERRED,
    )
    return token, options_to_json_dict(options)


def ask_new(staff: Staff, organisation: str, *, now: datetime) -> tuple[str, dict[str, Any]]:
    """A challenge to make a passkey for: as `ask`, for `navigator.credentials.create`. Raises Refused at twenty."""
    from webauthn import generate_registration_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    known = _ids(staff.id)
    if len(known) >= MOST:
        raise Refused(N_("You have twenty passkeys. Remove one that you no longer use first."))
    token, challenge = _challenge(ADD, staff.id, now)
    options = generate_registration_options(
        rp_id=_site(),
        rp_name=organisation,
        user_id=_handle(staff.id),
        user_name=staff.email,
        user_display_name=staff.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return token, options_to_json_dict(options)


def take(purpose: str, token: object, staff_id: int, *, now: datetime) -> bytes:
    """Use up the challenge that this session was given for this purpose and person. Raises Invalid."""
    try:
        view = links.consume(f"staff.passkey.{purpose}", str(token), now=now)
    except NotFound:
        raise Invalid(N_("This took too long. Try again.")) from None
    if view.subject_id != staff_id:
        raise Invalid(FAILED)
    return base64.b64decode(view.data["challenge"])


def made(challenge: bytes, credential: str) -> New:
    """Check what a browser made. Holds no transaction open. Raises Invalid."""
    from webauthn import verify_registration_response

    try:
        found = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_site(),
            expected_origin=settings().public_url,
        )
    except Exception:  # whatever the library makes of what anybody can send
        raise Invalid(N_("The passkey could not be made. Try again, perhaps with another device.")) from None
    return New(found.credential_id, found.credential_public_key, found.sign_count)


def add(staff_id: int, new: New, name: str, *, keep_session: int | None, actor: Actor, now: datetime) -> int:
    """Keep a passkey that was made. The id. Raises Invalid where it is known already."""
    staff = second_step.alone(staff_id)
    if len(_ids(staff_id)) >= MOST or _known(new.credential_id) is not None:
        raise Invalid(N_("This passkey is in use already."))
    is_first = not second_step.has(staff_id)
    row = StaffPasskey(
        staff_id=staff_id,
        name=name.strip(),
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    if is_first:
        second_step.began(staff, keep_session=keep_session, now=now)
    second_step.note(staff, "passkey_added", actor=actor, now=now, changes={"passkey": row.name})
    return row.id


def proved(challenge: bytes, credential: str, *, staff_id: int | None = None) -> Proof:
    """Check the answer to a challenge, of this person or, alone, of whoever it is. Raises Invalid.

    Alone a passkey must have verified its user (finger, face, PIN): it is both steps then.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import parse_authentication_credential_json

    try:
        answer = parse_authentication_credential_json(credential)
    except Exception:  # whatever the library makes of what anybody can send
        raise Invalid(FAILED) from None
    row, handle = _known(answer.raw_id), answer.response.user_handle
    if row is None or (staff_id or row.staff_id) != row.staff_id or handle not in (None, _handle(row.staff_id)):
        raise Invalid(FAILED)
    try:
        checked = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_site(),
            expected_origin=settings().public_url,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=staff_id is None,
        )
    except Exception:  # as above
        raise Invalid(FAILED) from None
    return Proof(row.id, row.staff_id, row.sign_count, checked.new_sign_count)


def use(proof: Proof, *, now: datetime) -> None:
    """Note the use, unless the passkey was used or removed meanwhile: raises Invalid."""
    mine = (StaffPasskey.id == proof.passkey_id) & (StaffPasskey.sign_count == proof.before)
    used = update(StaffPasskey).where(mine).values(sign_count=proof.sign_count, last_used_at=now)
    if db.session.execute(used.returning(StaffPasskey.id)).first() is None:
        raise Invalid(FAILED)


def remove(passkey_id: int, staff_id: int, *, keep_session: int | None, actor: Actor, now: datetime) -> None:
    """This passkey opens nothing any more. NotFound if it is not theirs."""
    staff = second_step.alone(staff_id)
    mine = (StaffPasskey.id == passkey_id) & (StaffPasskey.staff_id == staff_id)
    name = db.session.execute(delete(StaffPasskey).where(mine).returning(StaffPasskey.name)).scalar()
    if name is None:
        raise NotFound(N_("This passkey is not there any more."))
    second_step.ended(staff, keep_session=keep_session, now=now)
    second_step.note(staff, "passkey_removed", actor=actor, now=now, changes={"passkey": name})


def _challenge(purpose: str, staff_id: int, now: datetime) -> tuple[str, bytes]:
    challenge = secrets.token_bytes(32)
    data = {"challenge": base64.b64encode(challenge).decode()}
    return links.issue(f"staff.passkey.{purpose}", staff_id, now=now, lifetime=LIFETIME, data=data), challenge


def _site() -> str:
    name = site()
    if name is None:
        raise Refused(N_("Passkeys need an address with a name, such as https://steun.example.org."))
    return name


def _handle(staff_id: int) -> bytes:
    return staff_id.to_bytes(8, "big")


def _ids(staff_id: int) -> list[bytes]:
    return list(db.session.scalars(select(StaffPasskey.credential_id).where(StaffPasskey.staff_id == staff_id)))


def _known(credential_id: bytes) -> StaffPasskey | None:
    """The passkey of this id, of an account that is open."""
    whose = select(StaffPasskey).join(Staff, Staff.id == StaffPasskey.staff_id)
    return db.session.scalar(whose.where(StaffPasskey.credential_id == credential_id, Staff.active))
