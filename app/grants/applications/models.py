"""Applications, their stages, and how often a stage ends in an award."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import cents_column, id_column, instant_column, reference_column, state_column, text_column, whole
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.grants.history import NOTE_LENGTH, Move


class Stage(Labelled):
    PROSPECT = "prospect", N_("Prospect")
    CULTIVATION = "cultivation", N_("Cultivation")
    LOI_SENT = "loi_sent", N_("Letter of inquiry sent")
    INVITED = "invited", N_("Invited to apply")
    DRAFTING = "drafting", N_("Drafting")
    SUBMITTED = "submitted", N_("Application submitted")
    AWARDED = "awarded", N_("Awarded")
    DECLINED = "declined", N_("Declined")
    WITHDRAWN = "withdrawn", N_("Withdrawn by us")
    NO_GO = "no_go", N_("No-go")


OPEN_STAGES = (
    Stage.PROSPECT,
    Stage.CULTIVATION,
    Stage.LOI_SENT,
    Stage.INVITED,
    Stage.DRAFTING,
    Stage.SUBMITTED,
)

# In percent; an application may have its own, with the reason beside it.
STAGE_PROBABILITY = {
    Stage.PROSPECT: 5,
    Stage.CULTIVATION: 10,
    Stage.LOI_SENT: 20,
    Stage.INVITED: 35,
    Stage.DRAFTING: 40,
    Stage.SUBMITTED: 50,
    Stage.AWARDED: 100,
    Stage.DECLINED: 0,
    Stage.WITHDRAWN: 0,
    Stage.NO_GO: 0,
}


def _following() -> dict[Stage, set[Stage]]:
    """Open stages may be skipped and stepped back to; only the funder's answer ends the road.

    A decision entered by mistake is taken back to the stage it was decided in: submitted (or the
    letter of inquiry) after a decline, any earlier one after our own no.
    """
    table = {stage: (set(OPEN_STAGES) - {stage}) | {Stage.WITHDRAWN, Stage.NO_GO} for stage in OPEN_STAGES}
    table[Stage.LOI_SENT].add(Stage.DECLINED)
    table[Stage.SUBMITTED] |= {Stage.AWARDED, Stage.DECLINED}
    table[Stage.AWARDED] = {Stage.SUBMITTED}  # an award that is turned back
    table[Stage.DECLINED] = {Stage.LOI_SENT, Stage.SUBMITTED}
    table[Stage.WITHDRAWN] = set(OPEN_STAGES)
    table[Stage.NO_GO] = set(OPEN_STAGES)
    return table


STAGES = Transitions(Stage, _following())


class Application(db.Model):
    """What we ask of a funder, and how far we are with it. Amounts in cents."""

    __tablename__ = "application"
    __table_args__ = (
        *whole("ask_cents", "expected_cents"),
        CheckConstraint("ask_cents > 0", name="ask_cents_positive"),
        CheckConstraint("expected_cents >= 0", name="expected_cents_positive"),
        CheckConstraint("probability BETWEEN 0 AND 100", name="probability_range"),
        CheckConstraint("probability IS NULL OR probability_reason <> ''", name="probability_has_reason"),
        CheckConstraint("stage <> 'declined' OR decline_reason <> ''", name="decline_has_reason"),
    )

    id: Mapped[int] = id_column()
    funder_id: Mapped[int] = reference_column("funder.id")
    round_id: Mapped[int | None] = reference_column("grant_round.id", nullable=True)
    title: Mapped[str] = text_column(200)
    summary: Mapped[str] = text_column(4000, default="")
    ask_cents: Mapped[int] = cents_column()
    expected_cents: Mapped[int] = cents_column()
    probability: Mapped[int | None] = mapped_column()  # percent; empty: the stage's own
    probability_reason: Mapped[str] = text_column(500, default="")
    owner_id: Mapped[int | None] = reference_column("staff.id", nullable=True)
    programme_id: Mapped[int | None] = reference_column("programme.id", nullable=True)
    stage: Mapped[Stage] = state_column(Stage, index=True)
    stage_since: Mapped[datetime] = instant_column()
    decision_on: Mapped[date | None] = mapped_column()  # expected; empty: the round's
    decline_reason: Mapped[str] = text_column(NOTE_LENGTH, default="")
    resubmit_on: Mapped[date | None] = mapped_column()
    # What this renews or tries again; the grant that came of it, if any, is the previous grant.
    previous_id: Mapped[int | None] = reference_column("application.id", nullable=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()

    @property
    def chance(self) -> int:
        """Probability in percent: its own, or else the stage's."""
        return STAGE_PROBABILITY[self.stage] if self.probability is None else self.probability


class ApplicationMove(Move, db.Model):
    __tablename__ = "application_move"

    application_id: Mapped[int] = reference_column("application.id")
