"""Reports and exports over the ledger and its sub-ledgers: income by RJ 650 line, entries, accounts, files."""

from __future__ import annotations

from flask import Flask

from app.base.states import N_


def init_app(app: Flask) -> None:
    from app.finance import commands, views
    from app.ui import navigation
    from app.ui.navigation import NavItem, Section
    from app.ui.permissions import Permission

    app.register_blueprint(views.bp)
    app.cli.add_command(commands.group)
    money, files = Permission.FINANCE_READ, Permission.EXPORTS_FIGURES
    navigation.add(
        NavItem(Section.FINANCE, "finance.index", N_("Income by line"), money, order=10),
        NavItem(Section.FINANCE, "finance.entries", N_("Journal"), money, order=20, covers=("finance.entr",)),
        NavItem(Section.FINANCE, "finance.accounts", N_("Accounts"), money, order=30, covers=("finance.acc",)),
        NavItem(Section.FINANCE, "finance.exports", N_("Exports"), files, order=40, covers=("finance.exp",)),
    )
