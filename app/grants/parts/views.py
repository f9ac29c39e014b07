"""The lead's pages: the board of one report, asking parts, the chain, and judging a part."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.documents.files import ACCEPT, keep
from app.extensions import now, writing
from app.grants.blueprint import bp
from app.grants.budgets import queries as budgets
from app.grants.obligations import queries as obligations
from app.grants.obligations.models import TO_DELIVER
from app.grants.pages import NoteForm, VersionedForm, act_on, form_page
from app.grants.partners import queries as partners
from app.grants.parts import asking, board, chains, services, tasks
from app.grants.parts.asking import LineAsked
from app.grants.parts.forms import US, AnswerForm, AskForm, ChainForm, CommentForm, FileForm
from app.grants.parts.models import PART_MOVES, WITH_PARTNER, PartState
from app.grants.parts.writing_page import Outcome, save
from app.grants.trail import trail_of
from app.ui.permissions import Permission, requires

READ, WRITE = Permission.GRANTS_READ, Permission.GRANTS_WRITE


@bp.get("/grants/obligations/<int:obligation_id>/parts")
@requires(READ)
def parts(obligation_id: int) -> ResponseReturnValue:
    """Who still has to deliver what, the dates, and the figures together."""
    about = board.about(obligation_id)
    row, line = obligations.one(obligation_id)
    standings, chain = board.standings(obligation_id), board.chain_of(obligation_id)
    every = [part for standing in standings for part in standing.parts]
    return render_template(
        "grants/parts.html",
        about=about,
        line=line,
        row=row,
        standings=standings,
        chain=chain,
        log=board.log_of(chain),
        figures=board.consolidate(about.grant_id, every),
        can_ask=row.state in TO_DELIVER,
        today=local_date(now()),
        total=len(every),
        done=sum(standing.done for standing in standings),
    )


@bp.route("/grants/obligations/<int:obligation_id>/parts/ask", methods=["GET", "POST"])
@requires(WRITE)
def ask_parts(obligation_id: int) -> ResponseReturnValue:
    """Explode the report into parts and mail the partners their links."""
    about = board.about(obligation_id)
    known = [(str(each.id), each.name) for each in partners.partners(about.grant_id)]
    lines = [LineAsked(each.name, each.id) for each in budgets.lines(about.grant_id)]
    form = AskForm.of([*known, (US, _("Our own organisation"))], local_date(now()))
    status = 200
    if request.method == "POST" and "more" in request.form:
        form.more()
    else:
        done, status, _given = act_on(
            form,
            lambda: asking.ask(
                obligation_id,
                form.asked(lines),
                form.partner_ids(),
                form.spans(),
                asked_on=form.asked_on.data,
                actor=current_user.actor,
                now=now(),
            ),
        )
        if done:
            flash(_("Asked. Every partner gets a mail with a link of their own."), "ok")
            return redirect(url_for("grants.parts", obligation_id=obligation_id), 303)
    page = render_template(
        "grants/parts_ask.html",
        form=form,
        about=about,
        lines=lines,
        partners=known,
        chain=board.chain_of(obligation_id),
        due_on=obligations.one(obligation_id)[1].due_on,
        today=local_date(now()),
    )
    return page, status


@bp.route("/grants/obligations/<int:obligation_id>/parts/chain", methods=["GET", "POST"])
@requires(WRITE)
def part_chain(obligation_id: int) -> ResponseReturnValue:
    """Give the steps other lengths; whom it concerns gets a mail."""
    about = board.about(obligation_id)
    if board.chain_of(obligation_id) is None:
        return redirect(url_for("grants.ask_parts", obligation_id=obligation_id), 303)
    return form_page(
        lambda **kwargs: ChainForm.of(board.chain(obligation_id), **kwargs),
        lambda form: chains.change(
            obligation_id, form.spans(), version=form.version.data, actor=current_user.actor, now=now()
        ),
        title=_("Change the steps"),
        subject=f"{about.title or _(about.kind)} · {about.grant}",
        explain=_("The dates are counted back from the funder's, in working days. Partners and colleagues get a mail."),
        submit=_("Move the dates"),
        said=_("The dates are moved, and everyone concerned gets a mail."),
        back=url_for("grants.parts", obligation_id=obligation_id),
    )


@bp.get("/grants/parts/<int:part_id>")
@requires(READ)
def part(part_id: int) -> ResponseReturnValue:
    """One part: the answer, what was said about it, and what may follow."""
    row, view = board.one(part_id)
    return render_template(
        "grants/part.html",
        row=row,
        part=view,
        about=board.about(row.obligation_id),
        moves=board.moves(part_id),
        states={state.value: state for state in PartState},
        following=PART_MOVES.following(row.state),
        comments=board.comments(part_id),
        versions=board.text_versions(part_id),
        aside=board.set_aside(part_id),
        comment_form=CommentForm(formdata=None),
        file_form=FileForm(formdata=None),
        accept=ACCEPT,
        open=row.state in WITH_PARTNER,
        trail=trail_of("report_part", part_id),
    )


@bp.route("/grants/parts/<int:part_id>/write", methods=["GET", "POST"])
@requires(WRITE)
def write_part(part_id: int) -> ResponseReturnValue:
    """Write our own part, or help a partner with theirs."""

    def make(**kwargs: Any) -> AnswerForm:
        return AnswerForm.for_part(*board.one(part_id), **kwargs)

    form, outcome = make(), Outcome(False)
    if request.method == "POST":
        deliver = "deliver" in request.form
        outcome = save(part_id, form, make, submit=deliver, who=current_user.name, actor=current_user.actor)
        if outcome.done:
            flash(_("Delivered.") if deliver else _("The draft is saved."), "ok")
            return redirect(url_for("grants.part", part_id=part_id), 303)
    row, view = board.one(part_id)
    page = render_template(
        "grants/part_write.html",
        form=form,
        part=view,
        row=row,
        about=board.about(row.obligation_id),
        changes=outcome.changes,
        open=row.state in WITH_PARTNER,
        aside=board.set_aside(part_id),
    )
    return page, outcome.status


def _judge(part_id: int, act: Any, **words: Any) -> ResponseReturnValue:
    """A small page that asks for words before a part moves."""
    row, view = board.one(part_id)
    return form_page(
        lambda **kwargs: NoteForm.at(board.one(part_id)[0].version, **kwargs),
        lambda form: act(part_id, form.note.data, version=form.version.data, actor=current_user.actor, now=now()),
        subject=f"{view.title} · {view.partner_name or _('Our own organisation')}",
        back=url_for("grants.part", part_id=part_id),
        **words,
    )


@bp.post("/grants/parts/<int:part_id>/accept")
@requires(WRITE)
def accept_part(part_id: int) -> ResponseReturnValue:
    """It is good."""
    board.one(part_id)
    form = VersionedForm()
    with writing():
        services.accept(part_id, version=form.version.data, actor=current_user.actor, now=now())
    flash(_("Accepted."), "ok")
    return redirect(url_for("grants.parts", obligation_id=board.one(part_id)[0].obligation_id), 303)


@bp.route("/grants/parts/<int:part_id>/return", methods=["GET", "POST"])
@requires(WRITE)
def return_part(part_id: int) -> ResponseReturnValue:
    """Ask for another version."""
    PART_MOVES.check(board.one(part_id)[0].state, PartState.RETURNED)
    return _judge(
        part_id,
        services.send_back,
        title=_("Send this part back"),
        submit=_("Send it back"),
        said=_("Sent back. The partner gets your words by mail."),
        explain=_("Write down what should change. The partner reads it, and keeps what they wrote."),
    )


@bp.route("/grants/parts/<int:part_id>/waive", methods=["GET", "POST"])
@requires(WRITE)
def waive_part(part_id: int) -> ResponseReturnValue:
    """We do not need it any more."""
    PART_MOVES.check(board.one(part_id)[0].state, PartState.WAIVED)
    return _judge(
        part_id,
        services.waive,
        title=_("We do not need this part any more"),
        submit=_("Let it go"),
        said=_("The part is not asked any more."),
        tone="danger",
        explain=_("The report no longer waits for it. You can ask for it again."),
    )


@bp.post("/grants/parts/<int:part_id>/ask-again")
@requires(WRITE)
def ask_part_again(part_id: int) -> ResponseReturnValue:
    """We do need it after all."""
    board.one(part_id)
    form = VersionedForm()
    with writing():
        services.ask_again(part_id, version=form.version.data, actor=current_user.actor, now=now())
    flash(_("It is asked again."), "ok")
    return redirect(url_for("grants.part", part_id=part_id), 303)


@bp.post("/grants/parts/<int:part_id>/comment")
@requires(WRITE)
def comment_part(part_id: int) -> ResponseReturnValue:
    """A remark that the partner reads on their page."""
    board.one(part_id)
    form = CommentForm()
    if not form.validate():
        raise Invalid(N_("This remark is too long."), field="text")
    with writing():
        services.comment(part_id, form.text.data or "", who=current_user.name, actor=current_user.actor, now=now())
    flash(_("Your remark is there for the partner to read."), "ok")
    return redirect(url_for("grants.part", part_id=part_id), 303)


@bp.post("/grants/parts/<int:part_id>/files")
@requires(WRITE)
def add_part_file(part_id: int) -> ResponseReturnValue:
    """Keep a file with a part that is still being written."""
    board.one(part_id)
    form = FileForm()
    if not form.validate() or not form.file.data:
        raise Invalid(N_("Choose a file first."), field="file")
    file = keep(form.file.data.read(), form.file.data.filename or "")
    with writing():
        services.attach(part_id, file, actor=current_user.actor, now=now())
    flash(_("The file is kept."), "ok")
    return redirect(url_for("grants.part", part_id=part_id), 303)


def _task_done(task_id: int, act: Any, said: str) -> ResponseReturnValue:
    _task, obligation_id = tasks.of_report(task_id)
    with writing():
        act(task_id, actor=current_user.actor, now=now())
    flash(said, "ok")
    if request.form.get("from") == "all":
        return redirect(url_for("grants.partner_parts"), 303)
    return redirect(url_for("grants.parts", obligation_id=obligation_id), 303)


@bp.post("/grants/part-tasks/<int:task_id>/remind")
@requires(WRITE)
def remind_partner(task_id: int) -> ResponseReturnValue:
    """One friendly mail about what is still to come."""
    return _task_done(task_id, tasks.remind, _("The reminder is on its way."))


@bp.post("/grants/part-tasks/<int:task_id>/send")
@requires(WRITE)
def send_partner_link(task_id: int) -> ResponseReturnValue:
    """A fresh link to the partner's contact."""
    return _task_done(task_id, tasks.send_again, _("A new link is on its way."))


@bp.post("/grants/part-tasks/<int:task_id>/revoke")
@requires(WRITE)
def revoke_partner_link(task_id: int) -> ResponseReturnValue:
    """Make every link of this partner for this report useless."""
    return _task_done(task_id, tasks.revoke, _("The links do not work any more."))
