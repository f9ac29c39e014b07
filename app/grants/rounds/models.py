"""Rounds of funders, and whether they come back."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import id_column, instant_column, reference_column, state_column, text_column
from app.base.states import N_, Labelled
from app.extensions import db


class Recurrence(Labelled):
    NONE = "none", N_("Once")
    YEARLY = "yearly", N_("Every year")


class Round(db.Model):
    """A call of a funder: applications are taken from `opens_on` up to and including `closes_on`.

    The *_day columns keep the day of the month that is wanted: a round that closes on 29 February
    closes on the 28th in other years, and on the 29th again in the next leap year.
    """

    __tablename__ = "grant_round"
    __table_args__ = (
        CheckConstraint("opens_on <= closes_on", name="opens_before_it_closes"),
        CheckConstraint("decision_on > closes_on", name="decides_after_it_closes"),
    )

    id: Mapped[int] = id_column()
    funder_id: Mapped[int] = reference_column("funder.id")
    name: Mapped[str] = text_column(200)
    opens_on: Mapped[date | None] = mapped_column()
    closes_on: Mapped[date] = mapped_column(index=True)
    decision_on: Mapped[date | None] = mapped_column()
    opens_day: Mapped[int | None] = mapped_column()
    closes_day: Mapped[int] = mapped_column()
    decision_day: Mapped[int | None] = mapped_column()
    recurrence: Mapped[Recurrence] = state_column(Recurrence)
    # One successor at most, so that a job that runs twice makes one.
    previous_id: Mapped[int | None] = reference_column("grant_round.id", nullable=True, index=False, unique=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()
