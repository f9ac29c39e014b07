"""Reports and exports over the ledger and its sub-ledgers: income by RJ 650 line, entries, accounts, files."""

from __future__ import annotations

from flask import Flask

from app.base.states import N_


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.documents import services as documents
    from app.finance import commands, places, views  # noqa: F401
    from app.finance.anbi import jobs, public_views
    from app.finance.anbi import models as anbi  # noqa: F401
    from app.finance.anbi import views as anbi_views
    from app.finance.books import commands as books
    from app.finance.figures import models as figures  # noqa: F401
    from app.finance.funds import models as funds
    from app.finance.openings import commands as openings
    from app.finance.openings import keeping, taking
    from app.finance.reports import views as reports
    from app.ui import navigation
    from app.ui.navigation import NavItem, Section
    from app.ui.permissions import Permission

    assert reports
    assert taking
    assert keeping  # how long sheets stay
    assert anbi_views
    assert jobs
    public_views.init_app(app)
    app.register_blueprint(views.bp)
    app.cli.add_command(commands.group)
    app.cli.add_command(books.group)
    app.cli.add_command(openings.group)
    money, files = Permission.FINANCE_READ, Permission.EXPORTS_FIGURES
    navigation.add(
        NavItem(Section.FINANCE, "finance.index", N_("Income by line"), money, order=10),
        NavItem(
            Section.FINANCE,
            "finance.entries",
            N_("Journal"),
            money,
            order=20,
            covers=("finance.entr", "finance.sample"),
        ),
        NavItem(Section.FINANCE, "finance.reports", N_("Reports"), money, order=15, covers=("finance.rep",)),
        NavItem(Section.FINANCE, "finance.accounts", N_("Accounts"), money, order=30, covers=("finance.acc",)),
        NavItem(
            Section.FINANCE,
            "finance.months_index",
            N_("Months"),
            money,
            order=35,
            covers=("finance.mon", "finance.lay", "finance.year", "finance.fund"),
        ),
        NavItem(
            Section.FINANCE,
            "finance.figures",
            N_("Costs and budget"),
            money,
            order=37,
            covers=("finance.figures",),
        ),
        NavItem(
            Section.FINANCE, "finance.openings", N_("Opening balances"), money, order=38, covers=("finance.opening",)
        ),
        NavItem(
            Section.FINANCE,
            "finance.anbi_years",
            N_("ANBI publication"),
            money,
            order=39,
            covers=("finance.anbi_year",),
        ),
        NavItem(Section.FINANCE, "finance.exports", N_("Exports"), files, order=40, covers=("finance.exp",)),
    )  # fmt: skip
    words.doers(
        {
            "finance.anbi": N_("publication of the ANBI figures"),
            "flask openings take": N_("opening balances, command line"),
            "opening balances": N_("opening balances"),
            "flask export": N_("export, command line"),
        }
    )
    words.subject("hand_over", N_("Hand-over"))
    words.subject("fiscal_period", N_("Month"))
    words.subject("appropriation", N_("Year-end"))
    words.subject(funds.SOURCE, N_("Move between funds"), "finance.fund_move", "move_id")
    documents.protect(funds.SOURCE, money)
    words.subject("figure_import", N_("Costs and budget"))
    words.subject("opening", N_("Opening balance"), "finance.opening", "opening_id")
    words.subject("anbi_publication", N_("ANBI publication"))
    words.subject("figure_rule", N_("Costs and budget"))
    words.subject("layout_profile", N_("Layout"))
    words.actions(
        {
            "period.closed": N_("closed a month"),
            "period.reopened": N_("opened a month again"),
            "books.handed_over": N_("handed a month over to the accounting package"),
            "books.taken_back": N_("took a hand-over back"),
            "account.added": N_("added an account"),
            "account.changed": N_("changed an account"),
            "figures.taken_in": N_("took figures in from the accounting package"),
            "opening.taken_in": N_("took opening balances in"),
            "opening.undone": N_("took opening balances back"),
            "figures.undone": N_("took figures back"),
            "figures.mapped": N_("mapped accounts of the accounting package"),
            "anbi.saved": N_("saved a draft of the ANBI publication"),
            "anbi.published": N_("published the ANBI data"),
            "books.appropriated": N_("appropriated the result of a year"),
            "books.appropriation_undone": N_("took an appropriation back"),
            "funds.move_proposed": N_("proposed a move between funds"),
            "funds.move_booked": N_("booked a move between funds"),
            "funds.move_withdrawn": N_("withdrew a move between funds"),
            "funds.move_undone": N_("took a move between funds back"),
            "books.layout_changed": N_("changed a layout for the accounting package"),
            "books.layout_tested": N_("recorded a test import"),
        }
    )
