"""The bank: statements in, what they say kept once, and every payment on them explained."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.banking import commands, jobs, models, store, views
    from app.base.states import N_
    from app.ui import navigation
    from app.ui.navigation import NavItem, Section
    from app.ui.permissions import Permission

    assert models
    assert store  # its files are sealed anew when keys are rotated
    assert jobs
    app.register_blueprint(views.bp)
    navigation.add(
        NavItem(
            Section.BANK, "banking.index", N_("Statements"), Permission.BANK_READ, order=10, covers=("banking.file",)
        ),
        NavItem(Section.BANK, "banking.payments", N_("Payments on the bank"), Permission.BANK_READ, order=20),
    )
    words.subject("bank_file", N_("Bank file"), "banking.file", "file_id")
    words.actions({"bank.imported": N_("took in a bank file")})
    app.cli.add_command(commands.group)
