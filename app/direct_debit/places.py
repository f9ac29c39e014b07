"""Where batches of direct debits are found: side bar and words of the trail."""

from __future__ import annotations

from app.audit import words
from app.base.states import N_
from app.ui import navigation
from app.ui.navigation import NavItem, Section
from app.ui.permissions import Permission


def register() -> None:
    navigation.add(
        NavItem(Section.COLLECTION, "direct_debit.index", N_("Direct debit batches"), Permission.FINANCE_READ, 30)
    )
    words.doers(
        {
            "direct debit": N_("direct debit"),
            "mandates": N_("mandates"),
        }
    )
    words.subject("debit_batch", N_("Batch of direct debits"), "direct_debit.show", "batch_id")
    words.actions(
        {
            "debit_batch.begun": N_("began a batch of direct debits"),
            "debit_batch.built": N_("built a batch of direct debits"),
            "debit_batch.approved": N_("approved a batch of direct debits"),
            "debit_batch.exported": N_("made the file of a batch of direct debits"),
            "debit_batch.taken_out": N_("took the file of a batch of direct debits out"),
            "debit_batch.sent": N_("sent a batch of direct debits to the bank"),
            "debit_batch.booked": N_("booked a batch of direct debits"),
            "debit_batch.canceled": N_("cancelled a batch of direct debits"),
            "debit_status.read": N_("read in a status report of the bank"),
            "debit_return.again": N_("tried a return of the bank again"),
            "debit_return.dismiss": N_("dealt with a return of the bank"),
            "mandate.amended": N_("changed the account of a mandate"),
        }
    )
