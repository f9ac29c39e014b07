"""The bank: statements in, what they say kept once, and every payment on them explained."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from app.audit import words
    from app.banking import (
        columns_views,
        commands,
        jobs,
        match_models,
        models,
        reconciliation_views,
        retention,
        review_views,
        rule_views,
        store,
        views,
    )
    from app.banking.matching import events
    from app.banking.payouts import asking as payouts_asking
    from app.banking.payouts import models as payout_models
    from app.banking.payouts import views as payout_views
    from app.base.states import N_
    from app.ui import navigation
    from app.ui.navigation import NavItem, Section
    from app.ui.permissions import Permission

    assert columns_views
    assert match_models
    assert payout_models
    assert payout_views
    assert payouts_asking  # registers its daily job
    assert models
    assert store  # its files are sealed anew when keys are rotated
    assert events  # registers what it does when another room takes back what explained a line
    assert jobs
    assert retention  # registers its weekly job
    assert reconciliation_views
    assert review_views
    assert rule_views
    app.register_blueprint(views.bp)
    navigation.add(
        NavItem(
            Section.BANK, "banking.index", N_("Statements"), Permission.BANK_READ, order=10, covers=("banking.file",)
        ),
        NavItem(Section.BANK, "banking.payments", N_("Payments on the bank"), Permission.BANK_READ, order=20),
        NavItem(
            Section.BANK,
            "banking.review",
            N_("To be explained"),
            Permission.BANK_READ,
            order=15,
            covers=("banking.line",),
        ),
        NavItem(Section.BANK, "banking.matching_rules", N_("Rules"), Permission.BANK_READ, order=25),
        NavItem(
            Section.BANK, "banking.payouts", N_("Payouts"), Permission.BANK_READ, order=30, covers=("banking.payout",)
        ),
        NavItem(Section.BANK, "banking.reconcile", N_("Bank and ledger"), Permission.BANK_READ, order=40),
        NavItem(Section.BANK, "banking.clearing", N_("Clearing"), Permission.BANK_READ, order=45),
    )
    words.doers(
        {
            "flask bank import": N_("bank files, command line"),
            "payouts": N_("payouts of the provider"),
        }
    )
    words.subject("bank_file", N_("Bank file"), "banking.file", "file_id")
    words.subject("bank_line", N_("Payment on the bank"), "banking.line", "line_id")
    words.subject("bank_rule", N_("Rule for payments"))
    words.subject("bank_matching", N_("How payments are explained"))
    words.subject("payout", N_("Payout"), "banking.payout", "payout_id")
    words.actions(
        {
            "payout.taken": N_("took in a payout of a payment provider"),
            "payout.undone": N_("undid a payout of a payment provider"),
            "payout.part_outside": N_("left a part of a payout to the accounting package"),
            "payout.part_taken_back": N_("took back that a part of a payout is the accounting package's"),
            "bank.columns_said": N_("said what the columns of a bank's CSV mean"),
            "bank.imported": N_("took in a bank file"),
            "bank_line.explained": N_("explained a payment on the bank"),
            "bank_line.undone": N_("took back what explained a payment on the bank"),
            "bank_line.set_aside": N_("left a payment on the bank in suspense"),
            "bank_line.taken_up": N_("took up a payment on the bank again"),
            "bank_line.remembered": N_("made a rule for payments of an account"),
            "bank_rule.switched": N_("switched a rule for payments of an account on or off"),
            "bank_rule.removed": N_("removed a rule for payments of an account"),
            "bank_matching.set": N_("set from which score on payments book by themselves"),
            "bank.booked_later": N_("booked a bank line on a later day: its period was closed"),
        }
    )
    app.cli.add_command(commands.group)
