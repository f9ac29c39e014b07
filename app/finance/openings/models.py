"""What an organisation brings along: a sheet of balances, booked as one entry, or a sheet of live mandates."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import (
    Big,
    id_column,
    instant_column,
    reference_column,
    state_column,
    text_column,
    whole,
)
from app.base.states import N_, Labelled, Transitions
from app.documents.erasing import named_in
from app.extensions import db

SOURCE = "opening"  # of its entry in the journal


class OpeningKind(Labelled):
    BALANCES = "balances", N_("Balances of accounts")
    MANDATES = "mandates", N_("Mandates")


class OpeningState(Labelled):
    READ = "read", N_("Being prepared")
    ENTERING = "entering", N_("Being taken in")
    IN = "in", N_("Taken in")
    UNDONE = "undone", N_("Undone")


_S = OpeningState
OPENING_MOVES = Transitions(
    OpeningState,
    {
        _S.READ: {_S.ENTERING, _S.IN, _S.UNDONE},
        _S.ENTERING: {_S.IN, _S.UNDONE},
        _S.IN: {_S.UNDONE},
        _S.UNDONE: set(),
    },
)


class Opening(db.Model):
    """A sheet that was brought in; the file lies sealed on disk. `control_cents` is what the person says its debit
    column (or the amounts of its mandates) comes to, `control_count` how many mandates there are.

    `told`: the donors know amount and schedule already, so no notice is sent before the first collection here.
    """

    __tablename__ = "opening"
    __table_args__ = (
        *whole("control_cents"),
        CheckConstraint(
            "state NOT IN ('entering', 'in') OR (entered_at IS NOT NULL AND control_cents IS NOT NULL)",
            name="in_is_whole",
        ),
        CheckConstraint("kind <> 'balances' OR state <> 'in' OR booked_on IS NOT NULL", name="booked_on_a_day"),
        # The same file counts once, and one opening entry on a day.
        *(
            Index(name, *columns, unique=True, sqlite_where=text(which), postgresql_where=text(which))
            for name, columns, which in (
                ("uq_opening_file", ("kind", "sha256"), "state IN ('entering', 'in')"),
                ("uq_opening_day", ("booked_on",), "state = 'in' AND kind = 'balances'"),
            )
        ),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[OpeningKind] = state_column(OpeningKind)
    state: Mapped[OpeningState] = state_column(OpeningState, default=OpeningState.READ)
    filename: Mapped[str] = text_column(200)
    media_type: Mapped[str] = text_column(100)
    sha256: Mapped[str] = text_column(64)
    booked_on: Mapped[date | None] = mapped_column(Date, nullable=True)  # of balances
    told: Mapped[bool] = mapped_column(Boolean, default=False)  # of mandates
    control_cents: Mapped[int | None] = mapped_column(Big, nullable=True)
    control_count: Mapped[int | None] = mapped_column(nullable=True)
    rows: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = instant_column()
    created_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    entered_at: Mapped[datetime | None] = instant_column(nullable=True)
    entered_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    undone_at: Mapped[datetime | None] = instant_column(nullable=True)
    undone_by_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)


class OpeningMandate(db.Model):
    """The mandate and the recurring gift that a row became; a row becomes one, however often it is tried."""

    __tablename__ = "opening_mandate"
    __table_args__ = (UniqueConstraint("opening_id", "row"),)

    id: Mapped[int] = id_column()
    opening_id: Mapped[int] = reference_column("opening.id", index=False)
    row: Mapped[int]
    mandate_id: Mapped[int] = reference_column("mandate.id")
    commitment_id: Mapped[int] = reference_column("commitment.id")


named_in(Opening.sha256)
