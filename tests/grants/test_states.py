"""Every pair of states of the tables, against a picture of what may follow what."""

from __future__ import annotations

import pytest

from app.base.errors import Refused
from app.base.states import Labelled, Transitions
from app.grants.applications.models import STAGES, Stage
from app.grants.awards.models import GRANT_MOVES, GrantState
from app.grants.budgets.models import AMENDMENT_MOVES, BUDGET_MOVES, AmendmentState, BudgetState
from app.grants.expenses.models import IMPORT_MOVES, ImportState
from app.grants.instalments.models import INSTALMENT_MOVES, InstalmentState
from app.grants.obligations.models import OBLIGATION_MOVES, ObligationState
from app.grants.partners.models import (
    DUTY_MOVES,
    PASS_ON_MOVES,
    SUB_GRANT_MOVES,
    DutyState,
    PassOnState,
    SubGrantState,
)
from app.grants.parts.models import PART_MOVES, PartState
from app.grants.projects.models import PROJECT_MOVES, ProjectState

# Row: from. Column: to. x: allowed.
PICTURES: dict[type[Labelled], tuple[Transitions, str]] = {
    Stage: (
        STAGES,
        """
             prospect cultivation loi_sent invited drafting submitted awarded declined withdrawn no_go
prospect     .        x           x        x       x        x         .       .        x         x
cultivation  x        .           x        x       x        x         .       .        x         x
loi_sent     x        x           .        x       x        x         .       x        x         x
invited      x        x           x        .       x        x         .       .        x         x
drafting     x        x           x        x       .        x         .       .        x         x
submitted    x        x           x        x       x        .         x       x        x         x
awarded      .        .           .        .       .        x         .       .        .         .
declined     .        .           x        .       .        x         .       .        .         .
withdrawn    x        x           x        x       x        x         .       .        .         .
no_go        x        x           x        x       x        x         .       .        .         .
""",
    ),
    GrantState: (
        GRANT_MOVES,
        """
             contracting active extended reporting closed terminated clawback turned_back
contracting  .           x      .        .         .      x          .        x
active       .           .      x        x         .      x          .        x
extended     .           .      x        x         .      x          .        x
reporting    .           x      x        .         x      x          x        .
closed       .           .      .        x         .      .          x        .
terminated   .           .      .        .         x      .          x        .
clawback     .           .      .        x         x      x          .        .
turned_back  .           .      .        .         .      .          .        .
""",
    ),
    ProjectState: (
        PROJECT_MOVES,
        """
           planned running done cancelled
planned    .       x       .    x
running    .       .       x    x
done       .       x       .    .
cancelled  x       .       .    .
""",
    ),
    InstalmentState: (
        INSTALMENT_MOVES,
        """
             conditional due requested received withheld settled
conditional  .           x   .         x        x        x
due          x           .   x         x        x        x
requested    .           x   .         x        x        x
received     x           x   x         .        x        x
withheld     x           x   .         x        .        x
settled      x           x   x         x        x        .
""",
    ),
    SubGrantState: (
        SUB_GRANT_MOVES,
        """
           draft agreed closed cancelled
draft      .     x      .      x
agreed     .     .      x      x
closed     .     x      .      .
cancelled  x     .      .      .
""",
    ),
    PassOnState: (
        PASS_ON_MOVES,
        """
           planned owed paid cancelled
planned    .       x    .    x
owed       x       .    x    .
paid       .       x    .    .
cancelled  x       .    .    .
""",
    ),
    DutyState: (
        DUTY_MOVES,
        """
           planned delivered returned accepted waived
planned    .       x         .        .        x
delivered  .       .         x        x        .
returned   .       x         .        .        x
accepted   .       .         .        .        .
waived     x       .         .        .        .
""",
    ),
    PartState: (
        PART_MOVES,
        """
           asked draft submitted returned accepted waived
asked      .     x     x         .        .        x
draft      .     .     x         .        .        x
submitted  .     .     .         x        x        .
returned   .     .     x         .        .        x
accepted   .     .     .         x        .        .
waived     x     .     .         .        .        .
""",
    ),
    BudgetState: (
        BUDGET_MOVES,
        """
            draft in_force superseded
draft       .     x        .
in_force    .     .        x
superseded  .     .        .
""",
    ),
    AmendmentState: (
        AMENDMENT_MOVES,
        """
           requested approved refused
requested  .         x        x
approved   .         .        .
refused    .         .        .
""",
    ),
    # Reading and entering may begin again after a crash: those two follow themselves.
    ImportState: (
        IMPORT_MOVES,
        """
            uploaded checking checked entering done unreadable
uploaded    .        x        .       .        .    .
checking    .        x        x       .        .    x
checked     .        x        .       x        .    .
entering    .        .        .       x        x    .
done        .        .        .       .        .    .
unreadable  .        x        .       .        .    .
""",
    ),
    ObligationState: (
        OBLIGATION_MOVES,
        """
                    planned in_progress internal_review submitted accepted revision_requested waived
planned             .       x           .               .         .        .                  x
in_progress         .       .           x               .         .        .                  x
internal_review     .       x           .               x         .        .                  x
submitted           .       .           .               .         x        x                  .
accepted            .       .           .               x         .        .                  .
revision_requested  .       x           .               .         .        .                  x
waived              x       .           .               .         .        .                  .
""",
    ),
}


def pairs() -> list[tuple[Transitions, Labelled, Labelled, bool]]:
    found = []
    for states, (table, picture) in PICTURES.items():
        head, *rows = picture.strip("\n").splitlines()
        assert {row.split()[0] for row in rows} == set(head.split()) == {state.value for state in states}
        for row in rows:
            name, *marks = row.split()
            found += [
                (table, states(name), states(other), mark == "x")
                for other, mark in zip(head.split(), marks, strict=True)
            ]
    return found


@pytest.mark.parametrize(("table", "before", "after", "allowed"), pairs(), ids=lambda value: str(value)[:30])
def test_every_pair_of_states(table: Transitions, before: Labelled, after: Labelled, allowed: bool) -> None:
    if allowed:
        table.check(before, after)
    else:
        with pytest.raises(Refused):
            table.check(before, after)
