"""The tables of the room in one place, for other rooms and for the start of the application."""

from app.grants.acknowledgements.models import Acknowledgement
from app.grants.applications.models import Application, ApplicationMove, Stage
from app.grants.awards.models import Grant, GrantMove, GrantState, Recognition
from app.grants.budgets.models import (
    Amendment,
    AmendmentDue,
    AmendmentKind,
    AmendmentMove,
    AmendmentState,
    BudgetLine,
    BudgetRow,
    BudgetState,
    BudgetVersion,
    Category,
)
from app.grants.conditions.models import Condition, ConditionKind
from app.grants.expenses.models import (
    Expense,
    ExpenseImport,
    ExpenseLayout,
    ExpenseRule,
    ExpenseShare,
    ImportState,
)
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
from app.grants.projects.models import (
    CostKind,
    CoverRule,
    OverheadRule,
    Project,
    ProjectBudgetLine,
    ProjectCover,
    ProjectLine,
    ProjectMove,
    ProjectSource,
    ProjectState,
    SourceKind,
)
from app.grants.recognition.models import GrantIncome
from app.grants.renewals.models import RenewalWindow
from app.grants.restricted.models import Allocation
from app.grants.rounds.models import Recurrence, Round
from app.grants.settlements.models import Repayment, Settlement

__all__ = [
    "Acknowledgement",
    "Amendment",
    "AmendmentDue",
    "AmendmentKind",
    "AmendmentMove",
    "AmendmentState",
    "Allocation",
    "Application",
    "ApplicationMove",
    "BudgetLine",
    "BudgetRow",
    "BudgetState",
    "BudgetVersion",
    "Category",
    "Condition",
    "ConditionKind",
    "CostKind",
    "CoverRule",
    "Expense",
    "ExpenseImport",
    "ExpenseLayout",
    "ExpenseRule",
    "ExpenseShare",
    "Funder",
    "FunderKind",
    "Grant",
    "GrantIncome",
    "GrantMove",
    "GrantPartner",
    "GrantState",
    "ImportState",
    "Instalment",
    "InstalmentMove",
    "InstalmentState",
    "Obligation",
    "ObligationKind",
    "ObligationMove",
    "ObligationState",
    "OverheadRule",
    "PartChain",
    "PartTask",
    "Project",
    "ProjectBudgetLine",
    "ProjectCover",
    "ProjectLine",
    "ProjectMove",
    "ProjectSource",
    "ProjectState",
    "Receipt",
    "Recognition",
    "Recurrence",
    "ReminderSent",
    "RenewalWindow",
    "Repayment",
    "ReportPart",
    "Round",
    "Settlement",
    "SourceKind",
    "Stage",
    "SubGrant",
    "SubGrantInstalment",
    "SubGrantPayment",
    "Trigger",
]
