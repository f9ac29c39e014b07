"""Grants received: funders, applications, grants, instalments, obligations, rounds."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.documents import services as documents
    from app.grants import commands, models, places, task_subjects  # noqa: F401
    from app.grants.acknowledgements import public_views as supported_by
    from app.grants.acknowledgements import views as acknowledgement_views  # noqa: F401
    from app.grants.applications import views as application_views  # noqa: F401
    from app.grants.awards import step_views as grant_step_views  # noqa: F401
    from app.grants.awards import views as grant_views  # noqa: F401
    from app.grants.blueprint import bp
    from app.grants.budgets import amendment_views  # noqa: F401
    from app.grants.budgets import views as budget_views  # noqa: F401
    from app.grants.calendar import time_views  # noqa: F401
    from app.grants.calendar import views as calendar_views  # noqa: F401
    from app.grants.conditions import views as condition_views  # noqa: F401
    from app.grants.expenses import jobs as expense_jobs  # noqa: F401
    from app.grants.expenses import share_views  # noqa: F401
    from app.grants.expenses import views as expense_views  # noqa: F401
    from app.grants.forecast import views as forecast_views  # noqa: F401
    from app.grants.funders import views as funder_views  # noqa: F401
    from app.grants.instalments import money_views, views  # noqa: F401
    from app.grants.instalments.checks import grants_equal_ledger, owed_equals_ledger
    from app.grants.obligations import readiness
    from app.grants.obligations import step_views as obligation_step_views  # noqa: F401
    from app.grants.obligations import views as obligation_views  # noqa: F401
    from app.grants.partners import money_views as partner_money_views  # noqa: F401
    from app.grants.partners import views as partner_views  # noqa: F401
    from app.grants.partners.checks import sub_grants_equal_ledger
    from app.grants.parts import chains, everywhere_views, public_views, queries  # noqa: F401
    from app.grants.parts import views as part_views  # noqa: F401
    from app.grants.projects import plan_views  # noqa: F401
    from app.grants.projects import views as project_views  # noqa: F401
    from app.grants.recognition import sources
    from app.grants.recognition.expenses import spent
    from app.grants.reminders import jobs  # noqa: F401
    from app.grants.renewals import views as renewal_views  # noqa: F401
    from app.grants.reports import views as report_views  # noqa: F401
    from app.grants.reports.keeping import KEPT
    from app.grants.restricted import views as restricted_views  # noqa: F401
    from app.grants.rounds import views as round_views  # noqa: F401
    from app.grants.settlements import views as settlement_views  # noqa: F401
    from app.ledger import checks
    from app.ui.permissions import Permission

    app.register_blueprint(bp)
    app.register_blueprint(public_views.bp)
    app.cli.add_command(commands.group)
    supported_by.init_app(app)
    places.init_app()
    readiness.register(queries.missing)
    sources.register("expenses", spent)
    checks.register("Every grant equals its ledger", grants_equal_ledger)
    checks.register("What is to be paid back equals its ledger", owed_equals_ledger)
    checks.register("Every sub-grant equals its ledger", sub_grants_equal_ledger)
    for holder in ("grant_award", "application", "funder", "grant_partner"):
        documents.protect(holder, Permission.GRANTS_READ, Permission.GRANTS_WRITE)
    # Work, proof and what was sent change on their own pages alone: a proof is not taken off in passing.
    own_pages = ("obligation", "grant_condition", "grant_settlement", "acknowledgement")
    for holder in (*own_pages, queries.FILES_OF, KEPT):
        documents.protect(holder, Permission.GRANTS_READ)
