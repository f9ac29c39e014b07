"""Mailings and statements to supporters, and the public sign-up for news."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.base.states import N_
    from app.letters import models, print_views, public_views, views
    from app.letters.statements import commands, keeping, places, run_views
    from app.letters.statements import views as statement_views
    from app.ui import navigation
    from app.ui.navigation import NavItem, Section
    from app.ui.permissions import Permission

    assert models
    assert views
    assert print_views
    app.register_blueprint(public_views.bp)
    app.register_blueprint(statement_views.bp)
    app.cli.add_command(commands.group)
    assert places
    assert keeping
    assert run_views
    write = Permission.SUPPORTERS_WRITE
    navigation.add(NavItem(Section.SUPPORTERS, "letters.index", N_("Mailings"), write, 40))
    navigation.add(
        NavItem(Section.SUPPORTERS, "letters.print_list", N_("Letters to print"), Permission.GIFTS_WRITE, 45)
    )
    navigation.add(
        NavItem(
            Section.GIFTS,
            "statements.year_index",
            N_("Annual statements"),
            Permission.GIFTS_READ,
            70,
            ("statements.year",),
        )
    )
    words.doers(
        {
            "statements": N_("annual statements"),
        }
    )
    words.subject("statement_run", N_("Annual statements"), "statements.year", "run_id")
    words.subject("mailing", N_("Mailing"), "letters.show", "mailing_id")
    words.actions(
        {
            "letter.printed": N_("printed a letter"),
            "receipt.made": N_("made the receipt of a gift"),
            "statement.made": N_("made a statement of gifts"),
            "statements.begun": N_("began to make the statements of a year"),
            "statements.stopped": N_("stopped making statements"),
            "statements.gone_on": N_("went on making statements"),
            "statements.done": N_("made the statements of a year"),
            "statements.told": N_("told donors of their statements"),
            "statements.taken_out": N_("took out the statements of a year"),
            "mailing.written": N_("wrote a mailing"),
            "mailing.changed": N_("changed a mailing"),
            "mailing.started": N_("began to send a mailing"),
            "mailing.stopped": N_("stopped a mailing"),
            "mailing.tested": N_("sent a mailing to themselves as a test"),
        }
    )
