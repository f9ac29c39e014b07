"""Staff accounts, roles, sign-in as steps, sessions that can be revoked, and the audit pages."""

from __future__ import annotations

from flask import Flask

from app.base.states import N_


def init_app(app: Flask) -> None:
    from app.documents import queries as documents
    from app.extensions import login_manager, readiness
    from app.staff import browsers, commands, models, queries, second_step, sessions, sign_in, upkeep, views
    from app.ui import banners, navigation
    from app.ui.navigation import NavItem, Section
    from app.ui.permissions import Permission

    assert models
    assert upkeep
    login_manager.request_loader(sessions.load_from_request)
    login_manager.session_protection = None  # our own sessions are checked on the server
    login_manager.login_view = "staff.login"
    login_manager.login_message = None
    app.register_blueprint(views.bp)
    app.before_request(views.security.demand)
    sign_in.add_step(sign_in.Step(second_step.STEP, "staff.second", second_step.has, second_step.BY))
    banners.add(views.security.banner)
    app.cli.add_command(commands.group)
    readiness.demand(app, queries.demo_accounts_in_production)
    app.jinja_env.filters["browser"] = browsers.browser
    _name_trail()
    documents.people_by(lambda ids: {row.id: row.name for row in queries.by_ids(ids).values()})
    navigation.add(
        NavItem(Section.SETTINGS, "staff.team", N_("Team"), Permission.STAFF_MANAGE, order=30),
        NavItem(Section.SETTINGS, "staff.trail", N_("Audit trail"), Permission.AUDIT_READ, order=80),
    )
    navigation.add_account(
        NavItem(Section.SETTINGS, "staff.account", N_("My account"), Permission.OWN_ACCOUNT, order=10)
    )
    navigation.add_account(
        NavItem(Section.SETTINGS, "staff.security", N_("Secure sign-in"), Permission.OWN_ACCOUNT, order=20)
    )
    navigation.sign_out_at("staff.logout")


def _name_trail() -> None:
    from app.audit import words
    from app.ui.permissions import Role

    words.doers(
        {
            "command line": N_("command line"),
            "flask init": N_("first set-up"),
            "demo": N_("invented example"),
            "donor": N_("donor"),
            "reset": N_("with the link from the mail"),
        }
    )
    words.fields(
        {
            "name": N_("name"),
            "email": N_("e-mail address"),
            "role": N_("role"),
            "language": N_("language"),
            "theme": N_("appearance"),
            "active": N_("open"),
            "address": N_("network address"),
            "steps": N_("steps"),
            "deputy_id": N_("deputy"),
            "passkey": N_("passkey"),
            "left": N_("left"),
            "reason": N_("reason"),
        },
        {
            "role": {role.value: role.label for role in Role},
            "steps": {
                "password": N_("Password"),
                "app": N_("code of the app"),
                "passkey": N_("passkey"),
                "recovery code": N_("recovery code"),
            },
        },
    )
    words.subject("staff", N_("Member of staff"), "staff.person", "staff_id")
    words.actions(
        {
            "staff.created": N_("made the account"),
            "staff.changed": N_("changed the account"),
            "staff.role_changed": N_("changed the role"),
            "staff.deactivated": N_("deactivated the account"),
            "staff.reactivated": N_("reactivated the account"),
            "staff.password_changed": N_("set a new password"),
            "staff.sessions_ended": N_("ended all sessions"),
            "staff.signed_in": N_("signed in"),
            "staff.signed_out": N_("signed out"),
            "staff.sign_in_failed": N_("failed to sign in"),
            "staff.reset_asked": N_("got a link for a new password"),
            "staff.invited_again": N_("sent the invitation again"),
            "staff.invitation_accepted": N_("accepted the invitation"),
            "staff.app_set": N_("set up an app for codes"),
            "staff.app_removed": N_("removed the app for codes"),
            "staff.passkey_added": N_("added a passkey"),
            "staff.passkey_removed": N_("removed a passkey"),
            "staff.recovery_codes_made": N_("made new recovery codes"),
            "staff.recovery_code_used": N_("used a recovery code"),
            "staff.second_step_failed": N_("got the second step wrong"),
            "staff.second_step_reset": N_("took the second step away"),
        }
    )
