"""What the pages that ask for a proof share: trying what was typed, and challenges for passkeys."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request, session
from flask_login import current_user
from wtforms import Field

from app.base.errors import Invalid
from app.base.states import N_
from app.extensions import db, limits, now, writing
from app.staff import codes_app, devices, passkeys, passwords, recovery_codes, second_step, services

CHALLENGE_KEY = "passkey"
_DAY = 24 * 3600


def try_password(typed: Field) -> None:
    """Raises TooMany, or Invalid beside this field where it is not the password of who is signed in."""
    who = str(current_user.id)
    limits.delay("password change", who)
    old_hash = services.account(current_user.id).password_hash
    db.session.rollback()  # no transaction stays open while hashing
    if not passwords.matches(typed.data, old_hash):
        raise Invalid(N_("This is not your current password."), field=typed.short_name)
    limits.forget("password change", who)


def try_code(staff_id: int, typed: str) -> str:
    """By which way this code proves them: "app" or "recovery code". Raises TooMany, or Invalid beside `code`.

    Attempts are counted before the code is tried, with growing waits; a browser that signed in to the account
    before is counted apart, so that whoever has the password cannot keep the real person out.
    """
    email = services.account(staff_id).email
    device = devices.known(email)
    who = f"device:{device}" if device else f"account:{staff_id}"
    limits.delay("second step", who)
    at = now()
    with writing():
        if codes_app.use(staff_id, typed, now=at):
            way = "app"
        else:
            way = "recovery code" if recovery_codes.use(staff_id, typed, now=at) else ""
    if way:
        limits.forget("second step", who)
        return way
    limits.hit("wrong second step", str(staff_id), 10_000, _DAY)
    times = limits.failures("wrong second step", str(staff_id), _DAY)
    with writing():
        second_step.note_wrong(staff_id, times, address=request.remote_addr or "", now=at)
    raise Invalid(N_("This code does not fit, or was used before. Try the next one that your app shows."), field="code")


def give(token: str, options: dict[str, Any]) -> Response:
    """The options of a passkey for the script; the challenge's token goes in this session's cookie."""
    session[CHALLENGE_KEY] = token
    return jsonify(options)


def proof_of(purpose: str, credential: str, staff_id: int | None = None) -> passkeys.Proof:
    """Whose passkey answered the challenge of this session, its use noted. Raises TooMany or Invalid."""
    limits.hit("passkey answer", limits.visitor(), 60, 600)
    at = now()
    with writing():
        challenge = passkeys.take(purpose, session.pop(CHALLENGE_KEY, None), staff_id or 0, now=at)
    proof = passkeys.proved(challenge, credential, staff_id=staff_id)
    with writing():
        passkeys.use(proof, now=at)
    return proof
