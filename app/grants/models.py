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
from app.grants.partners.models import GrantPartner, SubGrant, SubGrantInstalment, SubGrantPayment
from app.grants.parts.models import PartChain, PartTask, ReportPart
from app.grants.rounds.models import Recurrence, Round

__all__ = [
    "Application",
    "ApplicationMove",
    "Funder",
    "FunderKind",
    "Grant",
    "GrantPartner",
    "GrantMove",
    "GrantState",
    "Instalment",
    "InstalmentMove",
    "InstalmentState",
    "Obligation",
    "ObligationKind",
    "ObligationMove",
    "ObligationState",
    "PartChain",
    "PartTask",
    "Receipt",
    "Recognition",
    "Recurrence",
    "ReminderSent",
    "ReportPart",
    "Round",
    "Stage",
    "SubGrant",
    "SubGrantInstalment",
    "SubGrantPayment",
    "Trigger",
]
