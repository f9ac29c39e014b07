"""Saving what somebody typed into a part, on the partner's page and on ours: nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from app.base.actor import Actor
from app.base.errors import Invalid, Refused
from app.extensions import db, now, writing
from app.grants.pages import catch_up
from app.grants.parts import services
from app.grants.parts.forms import AnswerForm
from app.grants.parts.models import WITH_PARTNER, ReportPart

Make = Callable[..., AnswerForm]


@dataclass(slots=True)
class Outcome:
    """`done` or not, with the status to answer and, for who came second, what differs."""

    done: bool
    status: int = 200
    changes: list[tuple[str, str, str]] = field(default_factory=list)


def save(part_id: int, form: AnswerForm, make: Make, *, submit: bool, who: str, actor: Actor) -> Outcome:
    """Keep or deliver what the form holds.

    What cannot be delivered yet is kept as a draft, with the reason beside the field. Who comes
    second is shown both versions; their words are kept beside what is stored.
    """
    if not form.validate_on_submit():
        return Outcome(False, form.status)
    version, content = form.version.data, form.content()
    try:
        with writing():
            services.save(part_id, content, submit=submit, version=version, who=who, actor=actor, now=now())
        return Outcome(True)
    except Refused as error:  # also Stale: somebody else saved or delivered it
        row = db.session.get_one(ReportPart, part_id, populate_existing=True)
        if content == make(formdata=None).content() and (row.state in WITH_PARTNER) is not submit:
            return Outcome(True)  # the button was pressed twice
        with writing():
            services.set_aside(part_id, form.in_words(), who=who, now=now())
        form.add_error(error)
        return Outcome(False, error.status, catch_up(form, make(formdata=None)))
    except Invalid as error:
        if submit:  # as a draft; somebody may have come between, and then this is said first
            kept = save(part_id, form, make, submit=False, who=who, actor=actor)
            if not kept.done:
                return kept
            form["version"].raw_data, form["version"].data = None, db.session.get_one(ReportPart, part_id).version
        form.add_error(error)
        return Outcome(False, error.status)
