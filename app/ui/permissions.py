"""Who may do what. Login is the rule: endpoints open to the public are the one list below.

Every other view names its permission with `@requires(...)`; one without is refused at
request time, and a test fails. tests/*/access.txt holds the table of routes by role.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, abort, current_app, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.base.errors import Forbidden
from app.base.states import N_, Labelled
from app.extensions import once


class Permission(StrEnum):
    COCKPIT_READ = "cockpit:read"
    SUPPORTERS_READ = "supporters:read"
    SUPPORTERS_WRITE = "supporters:write"
    NOTES_READ = "notes:read"
    TASKS_WRITE = "tasks:write"
    GRANTS_READ = "grants:read"
    GRANTS_WRITE = "grants:write"
    GIFTS_READ = "gifts:read"
    GIFTS_WRITE = "gifts:write"
    BSN_READ = "bsn:read"
    AGREEMENTS_SIGN = "agreements:sign"
    FINANCE_READ = "finance:read"
    FINANCE_WRITE = "finance:write"
    FINANCE_REOPEN = "finance:reopen"
    BANK_READ = "bank:read"
    BANK_WRITE = "bank:write"
    EXPORTS_FIGURES = "exports:figures"
    EXPORTS_PERSONAL = "exports:personal"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"
    STAFF_MANAGE = "staff:manage"
    AUDIT_READ = "audit:read"
    OUTBOX_READ = "outbox:read"
    OUTBOX_WRITE = "outbox:write"
    JOBS_MANAGE = "jobs:manage"
    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_WRITE = "documents:write"
    OWN_ACCOUNT = "own:account"
    PRIVACY_DECIDE = "privacy:decide"


class Role(Labelled):
    VIEWER = "viewer", N_("Viewer")
    FUNDRAISER = "fundraiser", N_("Fundraiser")
    FINANCE = "finance", N_("Finance")
    ADMIN = "admin", N_("Administrator")


_P = Permission
_VIEWER = {_P.COCKPIT_READ, _P.GRANTS_READ, _P.FINANCE_READ, _P.EXPORTS_FIGURES, _P.ORGANISATION_READ}
_VIEWER |= {_P.DOCUMENTS_READ, _P.OWN_ACCOUNT}
_SUPPORTERS = {_P.SUPPORTERS_READ, _P.GIFTS_READ, _P.TASKS_WRITE, _P.EXPORTS_PERSONAL, _P.OUTBOX_READ}
_SUPPORTERS |= {_P.DOCUMENTS_WRITE}
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset(_VIEWER),
    Role.FUNDRAISER: frozenset(
        _VIEWER | _SUPPORTERS | {_P.SUPPORTERS_WRITE, _P.NOTES_READ, _P.GRANTS_WRITE, _P.GIFTS_WRITE}
    ),
    Role.FINANCE: frozenset(
        _VIEWER
        | _SUPPORTERS
        | {
            _P.GIFTS_WRITE,
            _P.BSN_READ,
            _P.AGREEMENTS_SIGN,
            _P.FINANCE_WRITE,
            _P.AUDIT_READ,
            _P.BANK_READ,
            _P.BANK_WRITE,
        }
    ),
    Role.ADMIN: frozenset(Permission),
}

# Open to anybody. Adding a line here is a decision, not a convenience.
PUBLIC_ENDPOINTS = frozenset(
    {
        "ui.static",
        "ui.language",
        "ui.root",
        "letters.sign_up",
        "letters.sign_up_en",
        "letters.sent",
        "letters.sent_en",
        "letters.confirm",
        "letters.leave",
        "demo.mail",
        "demo.letter",
        "staff.login",
        "staff.sign_in_with_password",
        "staff.ask_passkey",
        "staff.sign_in_with_passkey",
        "staff.second",
        "staff.second_by_code",
        "staff.ask_second_passkey",
        "staff.second_by_passkey",
        "ui.theme",
        "staff.forgot_password",
        "staff.ask_for_reset",
        "staff.reset_asked",
        "staff.reset_password",
        "staff.set_new_password",
        "staff.invitation",
        "staff.accept_invitation",
        "health.healthz",
        "webhooks.mollie",
        "demo_bank.show",
        "demo_bank.click",
        "organisation.privacy_nl",
        "organisation.privacy_en",
        "organisation.complaints_nl",
        "organisation.complaints_en",
        "giving.form_nl",
        "giving.form_en",
        "giving.give_nl",
        "giving.give_en",
        "giving.campaign_nl",
        "giving.campaign_en",
        "giving.give_to_campaign_nl",
        "giving.give_to_campaign_en",
        "giving.framed_nl",
        "giving.framed_en",
        "giving.picture",
        "giving.result_nl",
        "giving.result_en",
        "portal.own_data",
        "portal.own_data_file",
        "portal.erasure",
        "portal.ask_erasure",
        "portal.withdraw_erasure",
        "portal.begin_agreement",
        "portal.change_agreement",
        "portal.begun_agreement",
        "portal.agreement_form",
        "portal.agreement_online",
        "portal.drop_agreement",
        "portal.agreement",
        "portal.agreement_text",
        "portal.agreement_copy",
        "portal.agreement_code",
        "portal.sign_agreement",
        "portal.decline_agreement",
        "portal.home",
        "portal.ask",
        "portal.ask_form_en",
        "portal.ask_en",
        "portal.sent",
        "portal.sent_en",
        "portal.enter",
        "portal.leave",
        "portal.statement",
        "portal.receipt",
        "portal.change_form",
        "portal.change_amount",
        "portal.change_day",
        "portal.pause",
        "portal.skip",
        "portal.resume",
        "portal.stop",
        "portal.mend",
        "portal.try_again",
        "portal.mended",
        "portal.change_account",
        "portal.details_form",
        "portal.change_name",
        "portal.change_address",
        "portal.change_phone",
        "portal.change_contact",
        "portal.ask_email",
        "portal.forget_email",
        "portal.confirm_email",
        "portal.refuse_email",
        "grants.calendar_feed",
        "part_task.show",
        "part_task.send_code",
        "part_task.confirm_device",
        "part_task.part",
        "part_task.add_file",
        "part_task.take_off",
        "part_task.show_file",
        "part_task.comment",
        "part_task.duty",
        "part_task.take_off_duty_file",
        "part_task.show_duty_file",
        "grants.supported_by_nl",
        "grants.supported_by_en",
        "grants.funder_logo",
        "finance.anbi_nl",
        "finance.anbi_en",
        "finance.anbi_of_year_nl",
        "finance.anbi_of_year_en",
        "finance.anbi_paper_nl",
        "finance.anbi_paper_en",
    }
)

P = ParamSpec("P")
R = TypeVar("R")
_MARK = "draagvlak_permission"


def requires(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Say which permission a view needs: put it right under the route decorator."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not may(permission):
                raise Forbidden(N_("Your role does not allow this."))
            return view(*args, **kwargs)

        setattr(guarded, _MARK, permission)
        return guarded

    return decorate


def permission_of(view: Callable[..., object]) -> Permission | None:
    """The permission a view names, None if it names none."""
    return getattr(view, _MARK, None)


def may(permission: Permission) -> bool:
    """Whether the signed-in person may do this. Nobody signed in: no."""
    return bool(current_user.is_authenticated and current_user.can(permission))


def may_open(endpoint: str) -> bool:
    """Whether a link to this endpoint leads the signed-in person anywhere; links to nowhere are not shown."""
    view = current_app.view_functions.get(endpoint)
    permission = permission_of(view) if view else None
    return view is not None and (endpoint in PUBLIC_ENDPOINTS or (permission is not None and may(permission)))


def once_key() -> str:
    """A key for one form on this page (extensions/once.py); "" on public pages: cached, or with keys of their own."""
    return "" if request.endpoint in PUBLIC_ENDPOINTS else once.new_key()


def _guard() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in PUBLIC_ENDPOINTS:
        once.leave_alone()
        return None
    if not current_user.is_authenticated:
        return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
    if permission_of(current_app.view_functions[endpoint]) is None:
        abort(403)
    return None


def init_app(app: Flask) -> None:
    app.before_request(_guard)
    app.jinja_env.globals.update(may=may, once_key=once_key, Permission=Permission)
