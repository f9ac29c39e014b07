"""Templates to begin with, in the language of who asks for them. Staff change them as they like."""

from __future__ import annotations

from flask_babel import gettext as _

from app.tasks.models import Priority
from app.tasks.template_models import StepRole, TemplateUse
from app.tasks.template_services import StepPlan, TemplateFacts

_OWNER, _ASSIGNEE, _REVIEWER, _FINANCE = StepRole.OWNER, StepRole.ASSIGNEE, StepRole.REVIEWER, StepRole.FINANCE


def examples() -> list[TemplateFacts]:
    return [
        TemplateFacts(
            name=_("An application, step by step"),
            used_for=TemplateUse.APPLICATION,
            steps=[
                StepPlan(title=_("Read the call, decide to go or not"), days_before=40, role=_OWNER),
                StepPlan(title=_("Ask partners for their contributions"), days_before=35, role=_OWNER),
                StepPlan(title=_("Make the budget"), days_before=25, role=_FINANCE),
                StepPlan(title=_("First full draft"), days_before=15, role=_OWNER),
                StepPlan(title=_("Read the draft"), days_before=10, role=_REVIEWER),
                StepPlan(title=_("Collect signatures and enclosures"), days_before=5, role=_OWNER),
                StepPlan(title=_("Send it in"), days_before=1, role=_OWNER, priority=Priority.HIGH),
            ],
        ),
        TemplateFacts(
            name=_("An interim report, step by step"),
            used_for=TemplateUse.OBLIGATION,
            steps=[
                StepPlan(title=_("Ask partners for their parts"), days_before=30, role=_ASSIGNEE),
                StepPlan(title=_("Get the figures from finance"), days_before=20, role=_FINANCE),
                StepPlan(title=_("Write the report"), days_before=12, role=_ASSIGNEE),
                StepPlan(title=_("Read the report"), days_before=6, role=_REVIEWER),
                StepPlan(title=_("Send the report"), days_before=1, role=_ASSIGNEE, priority=Priority.HIGH),
            ],
        ),
        TemplateFacts(
            name=_("A final report, step by step"),
            used_for=TemplateUse.OBLIGATION,
            steps=[
                StepPlan(title=_("Ask partners for their parts"), days_before=45, role=_ASSIGNEE),
                StepPlan(title=_("Engage the auditor"), days_before=40, role=_FINANCE),
                StepPlan(title=_("Close the figures"), days_before=25, role=_FINANCE),
                StepPlan(title=_("Write the report"), days_before=15, role=_ASSIGNEE),
                StepPlan(title=_("Read the report"), days_before=8, role=_REVIEWER),
                StepPlan(title=_("Get the auditor's statement"), days_before=5, role=_FINANCE),
                StepPlan(title=_("Send the report"), days_before=1, role=_ASSIGNEE, priority=Priority.HIGH),
                StepPlan(title=_("Talk about a renewal"), days_before=0, role=_OWNER),
            ],
        ),
    ]
