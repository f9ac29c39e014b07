"""One agreement offered to be signed online: the exact text, the donor's signature, ours."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.base.columns import Big, id_column, instant_column, reference_column, state_column, text_column
from app.base.holdings import Holding, OnErase, OnMerge, declare
from app.base.states import N_, Labelled, Transitions
from app.extensions import db
from app.vault.rotation import SealedColumn, declare_sealed


class SigningState(Labelled):
    OFFERED = "offered", N_("Waits for the donor")
    SIGNED = "signed", N_("Waits for our signature")
    DONE = "done", N_("Signed by both")
    OVER = "over", N_("Not signed online")


_S = SigningState
# The paper way, drawing it up anew, giving it up and time itself end an offer; a signature of both ends nothing.
SIGNING_MOVES = Transitions(
    SigningState,
    {_S.OFFERED: {_S.SIGNED, _S.OVER}, _S.SIGNED: {_S.DONE, _S.OVER}, _S.DONE: set(), _S.OVER: set()},
)


class Signing(db.Model):
    """`text_sha256` is the hash of the PDF that the donor read and signed, `signed_sha256` of the one with both
    signatures; both are documents of the agreement. `data_sealed` is what the text was made of, so that the signed
    copy holds the same words whatever changed since; it goes when the signing is over.

    A code belongs to the session that asked for it; with it is kept, sealed, what was typed meanwhile.
    """

    __tablename__ = "periodic_signing"
    __table_args__ = (
        CheckConstraint("state NOT IN ('signed', 'done') OR donor_at IS NOT NULL", name="donor_signed_at"),
        CheckConstraint("state <> 'done' OR signed_sha256 IS NOT NULL", name="both_in_one_copy"),
        CheckConstraint("(code_hash IS NULL) = (code_until IS NULL)", name="code_until_when"),
    )

    id: Mapped[int] = id_column()
    agreement_id: Mapped[int] = reference_column("periodic_agreement.id")
    supporter_id: Mapped[int] = reference_column("supporter.id")
    approval_id: Mapped[int] = reference_column("signing_approval.id", index=False)
    state: Mapped[SigningState] = state_column(SigningState)
    text_sha256: Mapped[str] = text_column(64)
    data_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)
    offered_at: Mapped[datetime] = instant_column()
    last_day: Mapped[date]

    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), nullable=True)
    code_until: Mapped[datetime | None] = instant_column(nullable=True)
    code_session_id: Mapped[int | None] = mapped_column(Big, nullable=True)
    code_tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    typed_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)

    donor_at: Mapped[datetime | None] = instant_column(nullable=True)
    donor_name: Mapped[str | None] = text_column(300, nullable=True)  # as they typed it
    donor_mailbox: Mapped[str | None] = text_column(254, nullable=True)  # where the code went
    donor_browser: Mapped[str | None] = text_column(80, nullable=True)  # its name and system, no more
    consent: Mapped[str | None] = text_column(1000, nullable=True)  # the words they agreed to

    charity_at: Mapped[datetime | None] = instant_column(nullable=True)
    charity_staff_id: Mapped[int | None] = reference_column("staff.id", nullable=True, index=False)
    signed_sha256: Mapped[str | None] = text_column(64, nullable=True)

    def is_open_to_sign(self, today: date) -> bool:
        """Whether the donor can still sign it."""
        return self.state is SigningState.OFFERED and today <= self.last_day


declare_sealed(
    SealedColumn("periodic_signing", "data_sealed", "signing:{id}"),
    SealedColumn("periodic_signing", "typed_sealed", "signing-typed:{id}"),
)
declare(
    # As the agreement: who signed stays seven years, the rest goes at once.
    Holding(
        "periodic_signing", "supporter_id", OnMerge.MOVE, OnErase.CLEAR,
        ("donor_name", "donor_mailbox", "donor_browser", "data_sealed", "typed_sealed"),
        label=N_("Signatures given online"),
    )
)  # fmt: skip
