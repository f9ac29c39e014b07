"""Work for later: our own job table, claimed by lease, and schedules."""

from __future__ import annotations

import click
from flask import Flask, current_app


def init_app(app: Flask) -> None:
    from app.base.states import N_
    from app.jobs import models, views
    from app.ui.navigation import NavItem, Section, add
    from app.ui.permissions import Permission

    assert models
    app.register_blueprint(views.bp)
    add(NavItem(Section.SETTINGS, "jobs.index", N_("Work given up"), Permission.JOBS_MANAGE, order=85))

    @app.cli.command("worker")
    @click.option("--once", is_flag=True, help="Run what is due now, then stop.")
    def run_worker(once: bool) -> None:
        """Do queued work: mail, reminders, polling, sums. Run as many as you like."""
        from app.extensions import readiness
        from app.jobs import services, worker

        readiness.refuse()
        if once:
            click.echo(f"{services.run_due()} jobs done")
            return
        worker.run_until_asked(current_app._get_current_object())  # type: ignore[attr-defined]
