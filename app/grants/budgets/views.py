"""The budget of a grant: against what was spent, its versions, its draft, and spending over all grants."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.base.dates import local_date
from app.extensions import now, writing
from app.grants import choices
from app.grants.awards import queries as awards
from app.grants.blueprint import bp
from app.grants.budgets import by_partner, pace, queries, services
from app.grants.budgets.forms import DraftForm
from app.grants.budgets.models import Category
from app.grants.expenses.queries import outside_cents
from app.grants.pages import VersionedForm, act_on, filled, tabs
from app.grants.partners import queries as partners
from app.ui import filters
from app.ui.messages import translated
from app.ui.permissions import Permission, requires


@bp.get("/grants/<int:grant_id>/budget")
@requires(Permission.GRANTS_READ)
def budget(grant_id: int) -> ResponseReturnValue:
    """A grant's budget against what was spent: lines, partners, pace, versions and changes asked."""
    row, line = awards.one(grant_id)
    today = local_date(now())
    lines = queries.lines(grant_id)
    total = sum(each.revised_cents for each in lines) or row.amount_cents
    by_month = queries.spent_by_month(grant_id)
    spent = sum(by_month.values())
    curve = pace.curve(by_month, total, row.starts_on, row.ends_on, today)
    shares = by_partner.of_grant(grant_id, total)
    draft, asked = queries.draft(grant_id), queries.amendments(grant_id)
    why = services.needs_approval(grant_id, draft.id) if draft and lines else None
    return render_template(
        "grants/budget.html",
        row=row,
        line=line,
        lines=lines,
        total=total,
        spent=spent,
        pace=pace.pace(spent, total, row.starts_on, row.ends_on, today),
        curve=curve,
        labels=[
            str(m.year) if m.month == 1 and place else filters.short_month(m) for place, m in enumerate(curve.months)
        ],
        months=[f"{filters.short_month(month)} {month.year}" for month in curve.months],
        names={each.partner_id: each.name for each in shares},
        by_partner=shares,
        outside=outside_cents(grant_id),
        unmapped=queries.spent_by_line(grant_id).get(None, 0),
        versions=queries.versions(grant_id),
        draft=draft,
        draft_total=sum(each.revised_cents for each in queries.rows_of(draft.id)) if draft else 0,
        draft_asked=draft is not None and any(a.budget_version_id == draft.id and a.decided_on is None for a in asked),
        draft_why=translated(why) if why else "",
        amendments=asked,
        categories={each.value: each for each in Category},
    )


@bp.get("/grants/budgets/<int:version_id>")
@requires(Permission.GRANTS_READ)
def budget_version(version_id: int) -> ResponseReturnValue:
    """One version of a budget, as it was."""
    version = queries.version(version_id)
    line = awards.one(version.grant_id)[1]
    rows = queries.rows_of(version_id)
    names = {each.id: each.name for each in partners.partners(version.grant_id)}
    return render_template("grants/budget_version.html", version=version, line=line, rows=rows, names=names)


@bp.route("/grants/<int:grant_id>/budget/draft", methods=["GET", "POST"])
@requires(Permission.GRANTS_WRITE)
def budget_draft(grant_id: int) -> ResponseReturnValue:
    """Write the draft of a budget; it begins as the one in force."""
    line = awards.one(grant_id)[1]
    base = queries.draft(grant_id)
    source = base or queries.in_force(grant_id)
    form = DraftForm.of(
        queries.rows_of(source.id) if source else [],
        base.version if base else 0,
        base.note if base else "",
        [(each.id, each.name) for each in partners.partners(grant_id)],
    )
    status = 200
    if request.method == "POST" and request.form.get("more"):
        form.more()
    else:
        done, status, _given = act_on(
            form,
            lambda: services.save_draft(
                grant_id,
                form.plans(),
                note=form.note.data or "",
                version=filled(form.version.data),
                actor=current_user.actor,
                now=now(),
            ),
        )
        if done:
            flash(_("The draft is kept. It counts once it is in force."), "ok")
            return redirect(url_for("grants.budget", grant_id=grant_id), 303)
    return render_template("grants/budget_draft.html", form=form, line=line), status


def _step(grant_id: int, act: object, said: str) -> ResponseReturnValue:
    awards.one(grant_id)  # or not found
    form = VersionedForm()
    if form.validate_on_submit():
        with writing():
            act(grant_id, version=form.version.data, actor=current_user.actor, now=now())  # type: ignore[operator]
        flash(said, "ok")
    return redirect(url_for("grants.budget", grant_id=grant_id), 303)


@bp.post("/grants/<int:grant_id>/budget/in-force")
@requires(Permission.GRANTS_WRITE)
def budget_in_force(grant_id: int) -> ResponseReturnValue:
    """The draft becomes the budget, as far as the funder tolerates."""
    return _step(grant_id, services.put_in_force, _("This budget is in force. The one before is kept."))


@bp.post("/grants/<int:grant_id>/budget/discard")
@requires(Permission.GRANTS_WRITE)
def budget_discard(grant_id: int) -> ResponseReturnValue:
    """Throw the draft away."""
    return _step(grant_id, services.discard_draft, _("The draft is gone. The budget in force stands."))


@bp.get("/grants/spending")
@requires(Permission.GRANTS_READ)
def spending() -> ResponseReturnValue:
    """Budget against what was spent of every running grant, and by programme."""
    today = local_date(now())
    found = queries.spending()
    names = dict(choices.programme_pairs())
    programmes: dict[int | None, list[int]] = {}
    for each in found:
        sums = programmes.setdefault(each.programme_id, [0, 0])
        sums[0] += each.budget_cents
        sums[1] += each.spent_cents
    rows = [
        (each, pace.pace(each.spent_cents, each.budget_cents, each.starts_on, each.ends_on, today)) for each in found
    ]
    by_programme = [(names.get(key or "", _("Not tied to a programme")), *sums) for key, sums in programmes.items()]
    return render_template("grants/spending.html", tabs=tabs(), rows=rows, by_programme=by_programme)
