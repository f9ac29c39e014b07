"""Changing a recurring gift for a donor, and entering one that was signed on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import DomainError, Invalid
from app.base.ids import new_id
from app.base.money import Money
from app.direct_debit import consent, mandates
from app.direct_debit.states import ConsentHow
from app.extensions import now, writing
from app.gifts.recurring import changing, notices, schedule
from app.gifts.recurring.amounts import next_amounts
from app.gifts.recurring.effects import Effect, skippable, under_way
from app.gifts.recurring.forms import AmountForm, DayForm, EndForm, PaperForm, PauseForm
from app.gifts.recurring.starting import NewCommitment, begin
from app.gifts.recurring.states import CommitmentState, EndReason, Frequency
from app.gifts.recurring.views import bp, load
from app.organisation.queries import profile
from app.supporters import queries as supporters
from app.ui import lists
from app.ui.filters import day, money
from app.ui.forms import Form
from app.ui.permissions import Permission, requires

PAPER = "paper"


def _shown(commitment_id: int) -> ResponseReturnValue:
    return redirect(url_for("recurring.show", commitment_id=commitment_id), 303)


def _page(commitment_id: int, wrong: Form | None = None, which: str = "") -> ResponseReturnValue:
    """All that can be changed, each with its own button; `wrong` is the form that was sent and not taken."""
    row, going = load(commitment_id), under_way(commitment_id)
    cents = next_amounts([row.id]).get(row.id, 0)
    forms: dict[str, Form] = {
        "amount": AmountForm(formdata=None, data={"amount": Money(cents)}),
        "day": DayForm(formdata=None, data={"day": row.day}),
        "pause": PauseForm(formdata=None, data={"until": row.resume_on}),
        "end": EndForm(formdata=None),
    }
    if wrong is not None:
        forms[which] = wrong
    assert isinstance(forms["end"], EndForm)
    forms["end"].choose()
    page = render_template(
        "gifts/recurring/change.html", row=row, forms=forms, under_way=going, skips=skippable(row, going),
        donor=supporters.names([row.supporter_id]).get(row.supporter_id, ""), cents=cents,
        first=schedule.collect_day(changing.first_changeable(row, now())), CommitmentState=CommitmentState,
    )  # fmt: skip
    return (page, wrong.status) if wrong is not None else page


@bp.get("/recurring/<int:commitment_id>/change")
@requires(Permission.GIFTS_WRITE)
def change_form(commitment_id: int) -> ResponseReturnValue:
    """What can be changed, with the first day affected and what is under way."""
    return _page(commitment_id)


@bp.post("/recurring/<int:commitment_id>/amount")
@requires(Permission.GIFTS_WRITE)
def amount(commitment_id: int) -> ResponseReturnValue:
    """Another amount."""
    form = AmountForm()
    return _change(commitment_id, form, "amount", lambda: changing.change_amount(
        commitment_id, form.amount.data.cents if form.amount.data else 0, from_on=form.from_on.data,
        actor=current_user.actor, now=now(),
    ))  # fmt: skip


@bp.post("/recurring/<int:commitment_id>/day")
@requires(Permission.GIFTS_WRITE)
def change_day(commitment_id: int) -> ResponseReturnValue:
    """Another day of the month."""
    form = DayForm()
    return _change(commitment_id, form, "day", lambda: changing.change_day(
        commitment_id, form.day.data or 0, actor=current_user.actor, now=now(),
    ))  # fmt: skip


@bp.post("/recurring/<int:commitment_id>/pause")
@requires(Permission.GIFTS_WRITE)
def pause(commitment_id: int) -> ResponseReturnValue:
    """Collect nothing before a day."""
    form = PauseForm()
    return _change(commitment_id, form, "pause", lambda: changing.pause(
        commitment_id, form.until.data, actor=current_user.actor, now=now(),  # type: ignore[arg-type]
    ))  # fmt: skip


@bp.post("/recurring/<int:commitment_id>/end")
@requires(Permission.GIFTS_WRITE)
def end(commitment_id: int) -> ResponseReturnValue:
    """Collect nothing any more."""
    form = EndForm()
    form.choose()
    return _change(commitment_id, form, "end", lambda: changing.end(
        commitment_id, EndReason(form.reason.data), note=form.note.data or "", actor=current_user.actor, now=now(),
    ))  # fmt: skip


@bp.post("/recurring/<int:commitment_id>/skip")
@requires(Permission.GIFTS_WRITE)
def skip(commitment_id: int) -> ResponseReturnValue:
    """Leave out the instalment of the day that the page named."""
    return _change(commitment_id, None, "skip", lambda: changing.skip(
        commitment_id, request.form.get("skips", ""), actor=current_user.actor, now=now(),
    ))  # fmt: skip


@bp.post("/recurring/<int:commitment_id>/resume")
@requires(Permission.GIFTS_WRITE)
def resume(commitment_id: int) -> ResponseReturnValue:
    """Go on collecting."""
    return _change(commitment_id, None, "resume", lambda: changing.resume(
        commitment_id, actor=current_user.actor, now=now(),
    ))  # fmt: skip


@bp.post("/recurring/<int:commitment_id>/letter")
@requires(Permission.GIFTS_WRITE)
def letter(commitment_id: int) -> ResponseReturnValue:
    """A letter told the donor what will be collected."""
    load(commitment_id)
    with writing():
        on = notices.record_letter(commitment_id, actor=current_user.actor, now=now())
    flash(_("Noted. Collected from %(day)s at the earliest.", day=day(on)), "ok")
    return _shown(commitment_id)


def _change(commitment_id: int, form: Form | None, which: str, change: Callable[[], Effect]) -> ResponseReturnValue:
    load(commitment_id)
    if form is not None and not form.validate():
        return _page(commitment_id, form, which)
    try:
        with writing():
            effect = change()
    except Invalid as error:
        if form is None:
            raise
        form.add_error(error)
        return _page(commitment_id, form, which)
    flash(said(effect), "ok")
    return _shown(commitment_id)


def said(effect: Effect) -> str:
    """What a change did, in a sentence or two: from when, and what it no longer touches."""
    text = _("Done. First collected on %(day)s.", day=day(effect.first_on)) if effect.first_on else _(
        "Done. Nothing more is collected."
    )  # fmt: skip
    sent = [_("%(amount)s on %(day)s", amount=money(each.cents), day=day(each.collect_on)) for each in effect.under_way]
    return f"{text} {_('Already under way: %(list)s.', list=', '.join(sent))}" if sent else str(text)


@bp.get("/recurring/new")
@requires(Permission.GIFTS_WRITE)
def enter_form() -> ResponseReturnValue:
    """A recurring gift of a supporter who signed a mandate on paper."""
    supporter = supporters.get(lists.row_id("supporter") or 0)
    form = PaperForm(data={"day": 28, "start_on": local_date(now()) + timedelta(days=profile().notice_days)})
    form.choose()
    return _paper(form, supporter)


@bp.post("/recurring/new")
@requires(Permission.GIFTS_WRITE)
def enter() -> ResponseReturnValue:
    """Keep the mandate and begin the recurring gift."""
    supporter = supporters.get(lists.row_id("supporter") or 0)
    form = PaperForm()
    form.choose()
    if form.validate():
        try:
            row_id = _begin(form, supporter.id, supporter.language.value)
        except DomainError as error:
            form.add_error(error)
        else:
            flash(_("Entered. Nothing is collected before the donor was told."), "ok")
            return _shown(row_id)
    return _paper(form, supporter), form.status


def _paper(form: PaperForm, supporter: object) -> str:
    text = consent.text_of(profile().legal_name, "nl")
    return render_template("gifts/recurring/paper.html", form=form, supporter=supporter, consent=text)


def _begin(form: PaperForm, supporter_id: int, lang: str) -> int:
    assert form.start_on.data
    assert form.signed_on.data
    assert form.amount.data
    mandate = mandates.OwnMandateDraft(
        supporter_id=supporter_id, iban=form.iban.data or "", holder=form.holder.data or "",
        signed_on=form.signed_on.data, how=ConsentHow.PAPER, text_version=consent.CURRENT, language=lang,
        note=form.evidence.data or "", reference=form.reference.data or "",
        once=form.frequency.data == Frequency.ONCE.value,
    )  # fmt: skip
    at, actor = now(), current_user.actor
    with writing():
        draft = NewCommitment(
            id=new_id(), supporter_id=supporter_id, mandate_id=mandates.sign([mandate], actor=actor, now=at)[0],
            frequency=Frequency(form.frequency.data), day=form.day.data or 0, cents=form.amount.data.cents,
            started_on=form.start_on.data, source=PAPER, language=lang, paid=False,
            programme_id=int(form.programme_id.data) if form.programme_id.data else None,
        )  # fmt: skip
        begin([draft], actor=actor, now=at)
    return draft.id
