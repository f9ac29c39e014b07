"""Devices that may open a task: each shows a code from the mailbox first. Inside `with writing():`.

The link alone shows nothing personal. Codes belong to the device that asked (its cookie), live a
quarter of an hour and stand five tries; only hashes are stored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from app.audit import services as audit
from app.base.actor import PUBLIC
from app.base.ids import new_id
from app.base.works import Payload, periodic
from app.extensions import db, now
from app.extensions.transactions import writing_in_bulk
from app.grants.parts.models import PartTask, TaskCode, TaskDevice
from app.outbox.services import queue_mail
from app.vault.services import blind_index

CODE_LIFE = timedelta(minutes=15)
TRIES = 5
REMEMBERED = timedelta(days=180)


def fresh_cookie() -> str:
    """The name of a new device: 192 random bits."""
    return secrets.token_urlsafe(24)


def is_confirmed(task_id: int, cookie: str, *, now: datetime) -> bool:
    """Whether the device with this cookie showed a code for this task."""
    if not cookie:
        return False
    mine = (TaskDevice.task_id == task_id) & (TaskDevice.device_hash == _hash(cookie))
    return (
        db.session.execute(select(TaskDevice.id).where(mine, TaskDevice.confirmed_at > now - REMEMBERED)).first()
        is not None
    )


def is_waiting(task_id: int, cookie: str, *, now: datetime) -> bool:
    """Whether a code is under way to this device."""
    return bool(cookie) and _code_of(task_id, cookie, now) is not None


def send_code(task_id: int, cookie: str, *, figures: int = 6, now: datetime) -> None:
    """Mail a code of so many figures to the mailbox of the task; the one this device had before stops working."""
    task = db.session.get_one(PartTask, task_id)
    code = f"{secrets.randbelow(10**figures):0{figures}d}"
    device_hash = _hash(cookie)
    db.session.execute(delete(TaskCode).where(TaskCode.task_id == task_id, TaskCode.device_hash == device_hash))
    row = TaskCode(
        id=new_id(), task_id=task_id, device_hash=device_hash, code_hash=b"", tries=0, expires_at=now + CODE_LIFE
    )
    row.code_hash = _code_hash(row.id, code)
    db.session.add(row)
    data = {"name": task.name, "code": code, "minutes": int(CODE_LIFE.total_seconds() // 60)}
    queue_mail("grants/part_code", task.email, data, language=task.language, now=now, key=f"grants.part_code:{row.id}")


def confirm(task_id: int, cookie: str, code: str, *, browser: str, now: datetime) -> str | None:
    """Check the code typed on this device: the cookie it goes on with, or None (a try is counted)."""
    row = _code_of(task_id, cookie, now, hold=True)
    if row is None:
        return None
    row.tries += 1
    typed = re.sub(r"[\s-]", "", code)
    if not hmac.compare_digest(row.code_hash, _code_hash(row.id, typed)):
        db.session.flush()
        return None
    known = fresh_cookie()  # another name than the one it had before it was known
    _rename(task_id, cookie, known)
    db.session.add(TaskDevice(task_id=task_id, device_hash=_hash(known), browser=browser[:80], confirmed_at=now))
    task = db.session.get_one(PartTask, task_id)
    told = {"browser": browser[:80]}
    audit.record("part_task.device_confirmed", task.subject, actor=PUBLIC, now=now, changes=told)
    return known


def _rename(task_id: int, cookie: str, known: str) -> None:
    """The device goes on under another name, with the other tasks it opened: only what it had of this one ends."""
    for model in (TaskCode, TaskDevice):
        mine = model.device_hash == _hash(cookie)
        db.session.execute(delete(model).where(mine, model.task_id == task_id))
        db.session.execute(update(model).where(mine).values(device_hash=_hash(known)))


def _code_of(task_id: int, cookie: str, at: datetime, *, hold: bool = False) -> TaskCode | None:
    found = select(TaskCode).where(
        TaskCode.task_id == task_id,
        TaskCode.device_hash == _hash(cookie),
        TaskCode.expires_at > at,
        TaskCode.tries < TRIES,
    )
    if hold:
        found = found.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(found).scalar_one_or_none()


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


def _code_hash(row_id: int, code: str) -> bytes:
    # A million codes are soon tried against a plain hash: keyed, it says nothing to who reads the table.
    return blind_index(f"{row_id}:{code}", "part code")


@periodic("grants.forget_codes", daily_at="03:45")
def forget(payload: Payload) -> None:
    """Remove codes that are over, and devices not confirmed for half a year."""
    at = now()
    with writing_in_bulk() as session:
        session.execute(delete(TaskCode).where(TaskCode.expires_at < at))
        session.execute(delete(TaskDevice).where(TaskDevice.confirmed_at < at - REMEMBERED))
