"""Reading staff accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select

from app.extensions import db, settings
from app.staff.models import Staff, StaffApp, StaffPasskey, Standing
from app.ui.permissions import ROLE_PERMISSIONS, Permission, Role


def active_staff() -> list[Staff]:
    """Everybody with an open account, by name: for choosing an owner or assignee."""
    return list(db.session.scalars(select(Staff).where(Staff.active).order_by(Staff.name, Staff.id)))


def everybody() -> list[Staff]:
    """All accounts, closed ones too, by name."""
    return list(db.session.scalars(select(Staff).order_by(Staff.name, Staff.id).limit(1000)))


def allowed(permission: Permission) -> ColumnElement[bool]:
    """Whose role may do this."""
    return Staff.role.in_([role for role, granted in ROLE_PERMISSIONS.items() if permission in granted])


def find(staff_id: int) -> Staff | None:
    return db.session.get(Staff, staff_id)


def by_ids(ids: Iterable[int]) -> dict[int, Staff]:
    """Accounts by id, with one statement; closed ones too."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {staff.id: staff for staff in db.session.scalars(select(Staff).where(Staff.id.in_(wanted)))}


def team(search: str = "", role: str = "", standing: str = "") -> Select[Any]:
    """The accounts that fit, for the list of the team."""
    statement = select(Staff)
    if search:
        fits = f"%{_escaped(search.casefold())}%"
        statement = statement.where(or_(Staff.name.ilike(fits, escape="\\"), Staff.email_key.like(fits, escape="\\")))
    if role:
        statement = statement.where(Staff.role == Role(role))
    if standing == Standing.DEACTIVATED.value:
        statement = statement.where(Staff.active.is_(False))
    elif standing == Standing.INVITED.value:
        statement = statement.where(Staff.active, Staff.password_hash.is_(None))
    elif standing == Standing.ACTIVE.value:
        statement = statement.where(Staff.active, Staff.password_hash.is_not(None))
    return statement


def second_step_of(staff_id: Any) -> ColumnElement[bool]:
    """Whether this member of staff (an id, or the column of one) has an app or a passkey."""
    return or_(
        exists().where(StaffApp.staff_id == staff_id),
        exists().where(StaffPasskey.staff_id == staff_id),
    )


def with_second_step(ids: Iterable[int]) -> set[int]:
    """Those of them who have an app or a passkey, with one statement."""
    return set(db.session.scalars(select(Staff.id).where(Staff.id.in_(list(ids)), second_step_of(Staff.id))))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def demo_accounts_in_production(connection: Connection) -> str | None:
    """Production does not work beside accounts whose password stood on somebody's screen."""
    if not settings().is_production:
        return None
    count = connection.scalar(select(func.count()).select_from(Staff).where(Staff.is_demo))
    if not count:
        return None
    return f"Production refuses a database with demo accounts ({count}): start with an empty one and flask init."
