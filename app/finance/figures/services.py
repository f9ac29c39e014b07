"""Let the figures of a file count, and take them back. Nothing that counted before is thrown away: a later file
stands before an earlier one month by month, and undone it gives place to it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from app.audit.services import record
from app.base.actor import Actor
from app.base.dates import month_start
from app.base.errors import Invalid, NotFound, Refused
from app.base.ids import new_id, new_ids
from app.base.money import Money
from app.base.states import N_
from app.documents.erasing import hold
from app.documents.files import StoredFile
from app.extensions import db
from app.extensions.sql import insert_new
from app.finance.figures.models import (
    FIGURE_MOVES,
    FigureImport,
    FigureKind,
    FigureMonth,
    FigureRule,
    FigureState,
    OutsideFigure,
    RuleOn,
    Signs,
)
from app.ledger.rj import COST_LINES, RjLine

_S = FigureState


@dataclass(frozen=True, slots=True)
class Amount:
    """Cents of a month on a line, signed as models.py says."""

    month: date
    rj_line: RjLine
    cents: int
    account: str
    programme_id: int | None = None


def begin(
    kind: FigureKind,
    file: StoredFile,
    *,
    layout_key: str = "",
    header_row: int = 1,
    columns: Mapping[str, int] | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Keep that this file came in; nothing counts yet. Its columns are those of the last file with these headings.

    Raises Refused where the same file counts already.
    """
    same = select(FigureImport.id).where(
        FigureImport.kind == kind, FigureImport.sha256 == file.sha256, FigureImport.state == _S.IN
    )
    if db.session.execute(same).scalar() is not None:
        raise Refused(N_("This file was taken in before and counts already. Undo that import to take it in again."))
    last = db.session.execute(
        select(FigureImport)
        .where(FigureImport.layout_key == layout_key, FigureImport.layout_key != "")
        .order_by(FigureImport.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    hold(file)
    row = FigureImport(
        kind=kind,
        state=_S.READ,
        filename=file.filename,
        media_type=file.media_type,
        sha256=file.sha256,
        layout_key=layout_key,
        header_row=header_row,
        columns=dict(last.columns if last else columns or {}),
        signs=last.signs if last else Signs.LEDGER,
        created_at=now,
        created_by_id=actor.id,
        version=1,
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def choose(
    import_id: int,
    columns: Mapping[str, int],
    *,
    signs: Signs,
    year: int | None,
    control_cents: int,
    version: int,
) -> None:
    """How the file is to be read, and what the accounting package says it comes to (cents, debit less credit).

    Raises Invalid with the field where columns are missing or chosen twice."""
    row = locked(import_id, version)
    if row.state is not _S.READ:
        raise Refused(N_("This file was decided upon already."))
    wide = [name for name in columns if name.startswith("month_")]
    if "account" not in columns:
        raise Invalid(N_("Choose the column with the ledger account."), field="account")
    if wide and year is None:
        raise Invalid(N_("Say of which year these months are."), field="year")
    if not wide and "month" not in columns:
        raise Invalid(N_("Choose the column with the month or the date."), field="month")
    if not wide and ("amount" in columns) == ("debit" in columns):
        raise Invalid(N_("Choose the column with the amount, or those of debit and credit."), field="amount")
    if len(set(columns.values())) != len(columns):
        raise Invalid(N_("One column is chosen twice."), field="amount")
    row.columns, row.signs, row.year, row.control_cents = dict(columns), signs, year, control_cents
    row.version += 1


def rules() -> dict[tuple[RuleOn, str], FigureRule]:
    """What accounts and cost centres mean, by (field, code)."""
    return {(rule.field, rule.code): rule for rule in db.session.execute(select(FigureRule)).scalars()}


def remember(
    meant: Mapping[tuple[RuleOn, str], tuple[RjLine | None, int | None, bool]], *, actor: Actor, now: datetime
) -> int:
    """What these accounts and cost centres mean from now on, as (line, programme, left out); nothing chosen
    forgets it. What was taken in before stays as it was. Returns how many changed."""
    known, changed = rules(), {}
    for key, (line, programme_id, left_out) in meant.items():
        rule = known.get(key)
        if (line, programme_id, left_out) == (
            (rule.rj_line, rule.programme_id, rule.left_out) if rule else (None, None, False)
        ):
            continue
        changed[f"{key[0].value} {key[1]}"] = "left out" if left_out else line.value if line else ""
        if line is None and programme_id is None and not left_out:
            db.session.delete(rule)
        elif rule is None:
            db.session.add(
                FigureRule(field=key[0], code=key[1], rj_line=line, programme_id=programme_id, left_out=left_out)
            )
        else:
            rule.rj_line, rule.programme_id, rule.left_out = line, programme_id, left_out
    db.session.flush()
    if changed:
        record("figures.mapped", ("figure_rule", 0), actor=actor, now=now, changes=changed)
    return len(changed)


def enter(
    import_id: int,
    amounts: Sequence[Amount],
    *,
    rows: int,
    total_cents: int,
    version: int,
    actor: Actor,
    now: datetime,
    doubles: int = 0,
) -> list[date]:
    """These amounts count from now on, for each month they hold instead of what counted before; returns the
    months. `rows` and `total_cents` are what the file came to, `doubles` how many look like what we handed over and
    are others, as the person says.

    Raises Refused where the control total says otherwise, where the page that was seen is outdated, or where the
    same file counts already; Invalid for nothing, and for income among costs.
    """
    row = locked(import_id, version)
    FIGURE_MOVES.check(row.state, _S.IN)
    if row.control_cents is None or row.control_cents != total_cents:
        raise Refused(
            N_("The file comes to %(total)s, the control total says %(control)s. Nothing was taken in."),
            total=Money(total_cents), control=Money(row.control_cents or 0),
        )  # fmt: skip
    summed: dict[tuple[date, RjLine, int | None, str], int] = {}
    for each in amounts:
        if row.kind is FigureKind.COST and each.rj_line not in (*COST_LINES, RjLine.FINANCIAL):
            raise Invalid(N_("Income is booked here and does not come with the costs: leave account %(account)s out."),
                          account=each.account)  # fmt: skip
        key = (month_start(each.month), each.rj_line, each.programme_id, each.account)
        summed[key] = summed.get(key, 0) + each.cents
    if not summed:
        raise Invalid(N_("There is nothing in this file that counts."))
    twice = select(FigureImport.id).where(
        FigureImport.kind == row.kind, FigureImport.sha256 == row.sha256, FigureImport.state == _S.IN
    )
    if db.session.execute(twice).scalar() is not None:
        raise Refused(N_("This file was taken in before and counts already. Undo that import to take it in again."))
    kept = {key: cents for key, cents in summed.items() if cents}
    ids = iter(new_ids(len(kept)))
    values: list[dict[str, Any]] = [
        {"id": next(ids), "import_id": row.id, "month": month, "rj_line": line, "programme_id": programme_id,
         "account": account, "cents": cents}
        for (month, line, programme_id, account), cents in kept.items()
    ]  # fmt: skip
    if values:
        db.session.execute(insert(OutsideFigure.__table__), values)
    months = sorted({month for month, *_ in summed})
    _point(row.kind, dict.fromkeys(months, row.id))
    row.state, row.rows, row.entered_at, row.entered_by_id = _S.IN, rows, now, actor.id
    row.version += 1
    told = {"file": row.filename, "sha256": row.sha256, "kind": row.kind.value, "total_cents": total_cents,
            "months": [f"{month:%Y-%m}" for month in months]} | ({"doubles": doubles} if doubles else {})  # fmt: skip
    record("figures.taken_in", ("figure_import", row.id), actor=actor, now=now, changes=told)
    return months


def undo(import_id: int, *, version: int, actor: Actor, now: datetime) -> None:
    """The figures of this import count no more; what counted before it does again. One that was only read is
    thrown away."""
    row = locked(import_id, version)
    FIGURE_MOVES.check(row.state, _S.UNDONE)
    was = row.state
    row.state, row.undone_at, row.undone_by_id = _S.UNDONE, now, actor.id
    row.version += 1
    db.session.flush()
    if was is _S.READ:
        return
    mine = select(FigureMonth.month).where(FigureMonth.kind == row.kind, FigureMonth.import_id == row.id)
    freed = list(db.session.execute(mine).scalars())
    back = _earlier(row.kind, freed)
    gone = [month for month in freed if month not in back]
    db.session.execute(delete(FigureMonth).where(FigureMonth.kind == row.kind, FigureMonth.month.in_(gone)))
    _point(row.kind, back)
    told = {"file": row.filename, "kind": row.kind.value}
    record("figures.undone", ("figure_import", row.id), actor=actor, now=now, changes=told)


def replaced(kind: FigureKind, months: Iterable[date]) -> dict[date, FigureImport]:
    """What counts of these months now, and would make place for another import."""
    rows = db.session.execute(
        select(FigureMonth.month, FigureImport)
        .join(FigureImport, FigureImport.id == FigureMonth.import_id)
        .where(FigureMonth.kind == kind, FigureMonth.month.in_(list(months)))
        .order_by(FigureMonth.month)
    )
    return dict(rows.all())


def counting(import_id: int) -> list[date]:
    """The months of which this import counts now."""
    mine = select(FigureMonth.month).where(FigureMonth.import_id == import_id).order_by(FigureMonth.month)
    return list(db.session.execute(mine).scalars())


def locked(import_id: int, version: int | None = None) -> FigureImport:
    """The import, held until the transaction ends. Raises NotFound, and Refused for another version than was seen."""
    row = db.session.get(FigureImport, import_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    if version is not None and version != row.version:
        raise Refused(N_("Somebody else changed this while you were looking. Look again, then decide."))
    return row


def _earlier(kind: FigureKind, months: list[date]) -> dict[date, int]:
    """The newest other import that counts and holds each of these months."""
    rows = db.session.execute(
        select(OutsideFigure.month, FigureImport.id, FigureImport.entered_at)
        .join(FigureImport, FigureImport.id == OutsideFigure.import_id)
        .where(FigureImport.kind == kind, FigureImport.state == _S.IN, OutsideFigure.month.in_(months))
        .distinct()
        .order_by(FigureImport.entered_at, FigureImport.id)
    )
    return {month: import_id for month, import_id, _ in rows}  # of one month the last stays


def _point(kind: FigureKind, months: Mapping[date, int]) -> None:
    for month in sorted(months):
        there = {"id": new_id(), "kind": kind, "month": month, "import_id": months[month]}
        db.session.execute(insert_new(FigureMonth).values(**there))
        db.session.execute(
            update(FigureMonth)
            .where(FigureMonth.kind == kind, FigureMonth.month == month)
            .values(import_id=months[month])
        )
