"""The tables of the room in one place, for other rooms and for the start of the application."""

from app.grants.applications.models import Application, ApplicationMove, Stage
from app.grants.awards.models import Grant, GrantMove, GrantState, Recognition
from app.grants.funders.models import Funder, FunderKind
from app.grants.instalments.models import Instalment, InstalmentMove, InstalmentState, Receipt, Trigger
from app.grants.obligations.models import (
    Obligation,
    ObligationKind,
    ObligationMove,
    ObligationState,
    ReminderSent,
)
from app.grants.rounds.models import Recurrence, Round

__all__ = [
    "Application",
    "ApplicationMove",
    "Funder",
    "FunderKind",
    "Grant",
    "GrantMove",
    "GrantState",
    "Instalment",
    "InstalmentMove",
    "InstalmentState",
    "Obligation",
    "ObligationKind",
    "ObligationMove",
    "ObligationState",
    "Receipt",
    "Recognition",
    "Recurrence",
    "ReminderSent",
    "Round",
    "Stage",
    "Trigger",
]
