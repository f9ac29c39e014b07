"""Grants received: funders, applications, grants, instalments, obligations, rounds."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

# Every one registers pages, commands or jobs when it is imported; a page module that is not here does not exist.
_PAGES = (
    "acknowledgements.views", "applications.views", "awards.step_views", "awards.views", "budgets.amendment_views",
    "budgets.views", "calendar.time_views", "calendar.views", "conditions.views", "expenses.jobs",
    "expenses.list_views", "expenses.share_views", "expenses.views", "forecast.views", "funders.views",
    "instalments.money_views", "instalments.views", "models", "obligations.step_views", "obligations.views",
    "partners.duty_views", "partners.everywhere_views", "partners.money_views", "partners.views",
    "parts.chains", "parts.everywhere_views", "parts.views", "projects.plan_views", "projects.views",
    "reminders.jobs", "renewals.views", "reports.views", "restricted.views", "rounds.views", "settlements.views",
    "task_subjects",
)  # fmt: skip


def init_app(app: Flask) -> None:
    from app.documents import services as documents
    from app.grants import commands, keeping, places
    from app.grants.acknowledgements import public_views as supported_by
    from app.grants.blueprint import bp
    from app.grants.instalments.checks import grants_equal_ledger, owed_equals_ledger
    from app.grants.obligations import readiness
    from app.grants.partners.checks import sub_grants_equal_ledger
    from app.grants.partners.money_queries import FILES_OF as OF_DUTIES
    from app.grants.parts import public_views, queries, task_pages
    from app.grants.recognition import sources
    from app.grants.recognition.expenses import passed_on, spent
    from app.grants.reports.keeping import KEPT
    from app.ledger import checks
    from app.ui.permissions import Permission

    for name in _PAGES:
        import_module(f"app.grants.{name}")
    app.register_blueprint(bp)
    assert public_views  # its pages stand on the blueprint of task_pages
    app.register_blueprint(task_pages.bp)
    app.cli.add_command(commands.group)
    supported_by.init_app(app)
    keeping.register()
    places.init_app()
    readiness.register(queries.missing)
    sources.register("expenses", spent)
    sources.register("sub-grants", passed_on)
    checks.register("Every grant equals its ledger", grants_equal_ledger)
    checks.register("What is to be paid back equals its ledger", owed_equals_ledger)
    checks.register("Every sub-grant equals its ledger", sub_grants_equal_ledger)
    for holder in ("grant_award", "application", "funder", "grant_partner"):
        documents.protect(holder, Permission.GRANTS_READ, Permission.GRANTS_WRITE)
    # Work, proof and what was sent change on their own pages alone: a proof is not taken off in passing.
    own_pages = ("obligation", "grant_condition", "grant_settlement", "acknowledgement")
    for holder in (*own_pages, queries.FILES_OF, OF_DUTIES, KEPT):
        documents.protect(holder, Permission.GRANTS_READ)
