"""Forms for consents and objections."""

from __future__ import annotations

from datetime import date, datetime

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date, local_midnight
from app.extensions import now
from app.supporters import consents
from app.supporters.consent_models import Basis, Channel, Purpose
from app.supporters.edit_views import small_form
from app.supporters.forms import ConsentForm, LiftForm, ObjectionForm, WithdrawForm, chosen
from app.supporters.views import bp
from app.ui.permissions import Permission, requires


def moment(day: date | None) -> datetime:
    """The instant a form's day stands for: now if it is today, else that day's beginning."""
    return now() if day is None or day == local_date(now()) else local_midnight(day)


@bp.route("/supporters/<int:supporter_id>/consents", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def add_consent(supporter_id: int) -> ResponseReturnValue:
    form = ConsentForm(data={"given_on": local_date(now())})

    def save() -> None:
        consents.record_consent(
            supporter_id, chosen(Channel, form.channel.data), chosen(Purpose, form.purpose.data),
            chosen(Basis, form.basis.data), source=form.source.data or "", text_version=form.text_version.data or "",
            proof=form.proof.data or "", given_at=moment(form.given_on.data), actor=current_user.actor, now=now(),
        )  # fmt: skip

    hints = {
        "source": _("For example: call of 3 November, sign-up card at the market."),
        "proof": _("Who heard it, or where the paper is. Without proof it is no consent."),
    }
    rows = [["channel", "purpose", "basis"], ["given_on", "source", "text_version"], ["proof"]]
    done = _("The answer is written down.")
    return small_form(supporter_id, form, _("Write down a consent"), rows, save, done, hints=hints)


@bp.route("/supporters/<int:supporter_id>/consents/withdraw", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def withdraw_consent(supporter_id: int) -> ResponseReturnValue:
    form = WithdrawForm()

    def save() -> None:
        consents.withdraw(
            supporter_id, chosen(Channel, form.channel.data), chosen(Purpose, form.purpose.data),
            source=form.source.data or "", proof=form.proof.data or "", actor=current_user.actor, now=now(),
        )  # fmt: skip

    rows = [["channel", "purpose"], ["source"], ["proof"]]
    return small_form(supporter_id, form, _("Withdraw a consent"), rows, save, _("The consent is withdrawn."))


@bp.route("/supporters/<int:supporter_id>/objections", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def add_objection(supporter_id: int) -> ResponseReturnValue:
    form = ObjectionForm()

    def save() -> None:
        consents.object_to(
            supporter_id, chosen(Channel, form.channel.data), source=form.source.data or "",
            proof=form.proof.data or "", actor=current_user.actor, now=now(),
        )  # fmt: skip

    intro = _("An objection wins over every consent on this channel. Only they themselves can lift it.")
    rows = [["channel", "source"], ["proof"]]
    done = _("The objection is written down and holds from now.")
    return small_form(supporter_id, form, _("Write down an objection"), rows, save, done, intro=intro)


@bp.route("/supporters/<int:supporter_id>/objections/<int:row_id>/lift", methods=["GET", "POST"])
@requires(Permission.SUPPORTERS_WRITE)
def lift_objection(supporter_id: int, row_id: int) -> ResponseReturnValue:
    form = LiftForm()

    def save() -> None:
        consents.lift_objection(row_id, supporter_id, proof=form.proof.data or "", actor=current_user.actor, now=now())

    consents.objection_of(row_id, supporter_id)
    intro = _("Only if they asked for it themselves. What you write here is the proof.")
    return small_form(
        supporter_id, form, _("Lift an objection"), [["proof"]], save, _("The objection is lifted."), intro=intro
    )  # fmt: skip
