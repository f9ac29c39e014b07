"""Making one record of two, by the registry of holdings alone, and undoing it.

Every row of the record that goes moves to the one that stays. A row that the other has already (the same
e-mail address, the same role) and a row that ties the two together (a relation) stays behind with the record
that goes, so nothing is lost and nothing stands twice. What each row was is kept until the merge is undone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    LargeBinary,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from app.audit.services import record
from app.base.actor import Actor
from app.base.errors import NotFound, Refused
from app.base.events import publish
from app.base.holdings import Holding, OnMerge, all_holdings
from app.base.ids import new_id
from app.base.states import N_
from app.extensions import db
from app.extensions.sql import insert_new
from app.privacy.events import SupportersRejoined
from app.privacy.models import Merge, MergeRow, RowChange
from app.supporters import tokens
from app.supporters.models import Supporter
from app.vault.services import seal, unseal

# Of these the record that stays keeps its own first choice.
_CHOSEN_ONCE = {"email": "is_primary", "phone": "is_primary"}
_HANDED_ON = ("is_deceased", "deceased_on", "by_post")  # facts that must not be lost with the record that goes


@dataclass(frozen=True, slots=True)
class Share:
    """What the record that goes has in one holding: rows that move, and rows that stay behind."""

    label: str
    moves: int
    stays: int


def preview(kept_id: int, gone_id: int) -> list[Share]:
    """What a merge would move, by holding; nothing is changed. Raises as `merge` does."""
    _check(*_pair(kept_id, gone_id, lock=False))  # a page that looks may not lock
    counted: dict[str, list[int]] = {}
    for holding in _moving():
        table, mine = _rows(holding, gone_id)
        total = db.session.execute(select(func.count()).select_from(table).where(mine)).scalar_one()
        if total and holding.label:
            stays = len(_staying(holding, kept_id, gone_id))
            had = counted.setdefault(holding.label, [0, 0])
            had[0], had[1] = had[0] + total - stays, had[1] + stays
    return [Share(label, moves, stays) for label, (moves, stays) in counted.items()]


def merge(kept_id: int, gone_id: int, reason: str, *, actor: Actor, now: datetime) -> int:
    """Make one of two, inside `with writing():`; gives the merge's id. Raises NotFound, Refused (a closed
    record, a person and an organisation, a role that only one record can have)."""
    kept, gone = _pair(kept_id, gone_id)
    _check(kept, gone)
    merge_id = new_id()
    staff_id = actor.id if actor.kind == "staff" else None
    row = {"id": merge_id, "kept_id": kept_id, "gone_id": gone_id, "reason": reason[:200]}
    db.session.execute(insert(Merge).values(**row, staff_id=staff_id, at=now))
    for holding in all_holdings():
        if holding.on_merge is OnMerge.DROP:
            _drop(merge_id, holding, kept_id, gone_id)
    for holding in _moving():
        _move(merge_id, holding, kept_id, gone_id)
    _hand_on(merge_id, kept, gone)
    gone.merged_into_id, gone.changed_at, kept.changed_at = kept_id, now, now
    _rejoin(kept_id, gone_id, actor, now)
    _tell("supporter.merged", kept_id, gone_id, actor, now)
    return merge_id


def undo(merge_id: int, *, actor: Actor, now: datetime) -> None:
    """Everything that the merge moved goes back; what came since stays with the record that was kept. Raises
    NotFound, Refused (undone before, or one of the two was merged or erased since)."""
    one = db.session.execute(select(Merge).where(Merge.id == merge_id).with_for_update()).scalar_one_or_none()
    if one is None:
        raise NotFound(N_("This merge is not there."))
    kept, gone = _pair(one.kept_id, one.gone_id)
    if one.undone_at is not None:
        raise Refused(N_("This merge was undone already."))
    if not kept.is_active or gone.merged_into_id != kept.id or gone.anonymised_at is not None:
        raise Refused(N_("One of the two was merged or erased since: this cannot be undone any more."))
    gone.merged_into_id = None
    db.session.flush()
    changes = select(MergeRow).where(MergeRow.merge_id == merge_id).order_by(MergeRow.id.desc())
    for change in db.session.execute(changes).scalars().all():
        _restore(change)
    one.undone_at, one.undone_by = now, actor.id if actor.kind == "staff" else None
    gone.changed_at = kept.changed_at = now
    _rejoin(kept.id, gone.id, actor, now)
    _tell("supporter.unmerged", kept.id, gone.id, actor, now)


def _pair(kept_id: int, gone_id: int, *, lock: bool = True) -> tuple[Supporter, Supporter]:
    """Both records, locked in the order of their ids so that two merges of one pair wait for each other."""
    chosen = select(Supporter).where(Supporter.id.in_((kept_id, gone_id))).order_by(Supporter.id)
    found = {s.id: s for s in db.session.execute(chosen.with_for_update() if lock else chosen).scalars()}
    if kept_id == gone_id or len(found) != 2:
        raise NotFound(N_("This supporter does not exist."))
    return found[kept_id], found[gone_id]


def _check(kept: Supporter, gone: Supporter) -> None:
    if not (kept.is_active and gone.is_active):
        raise Refused(N_("This record was closed and cannot be changed."))
    if kept.kind is not gone.kind:
        raise Refused(N_("A person and an organisation are never the same."))
    for holding in _moving():
        table, _mine = _rows(holding, gone.id)
        if any(key == {holding.column} for key in _keys(table, holding.column)):
            counts = [
                db.session.execute(select(func.count()).select_from(table).where(_rows(holding, i)[1])).scalar_one()
                for i in (kept.id, gone.id)
            ]
            if all(counts):
                raise Refused(N_("Both records have this, and one record can have it only once: %(what)s."),
                              what=holding.label)  # fmt: skip


def _moving() -> list[Holding]:
    return [holding for holding in all_holdings() if holding.on_merge is OnMerge.MOVE]


def _rows(holding: Holding, supporter_id: int) -> tuple[Table, ColumnElement[bool]]:
    table = db.metadata.tables[holding.table]
    mine = table.c[holding.column] == supporter_id
    return table, mine if holding.where is None else mine & (table.c[holding.where[0]] == holding.where[1])


def _keys(table: Table, column: str) -> list[set[str]]:
    """The sets of columns that must be unique and of which this column is one."""
    sets = [{c.name for c in u.columns} for u in table.constraints if isinstance(u, UniqueConstraint)]
    sets += [{c.name for c in i.columns} for i in table.indexes if i.unique]
    return [names for names in sets if column in names]


def _id(table: Table) -> Any:
    (key,) = table.primary_key.columns
    return key


def _staying(holding: Holding, kept_id: int, gone_id: int) -> set[int]:
    """Rows that cannot move: the kept record has the same, or they tie the two together."""
    table, mine = _rows(holding, gone_id)
    stays: set[int] = set()
    for names in _keys(table, holding.column):
        there = table.alias()
        same = [there.c[name] == table.c[name] for name in names - {holding.column}]
        twin = select(there).where(there.c[holding.column] == kept_id, *same).exists()
        stays |= set(db.session.execute(select(_id(table)).where(mine, twin)).scalars())
    for other in all_holdings():
        if other.table == holding.table and other.column != holding.column:
            tie = table.c[other.column] == kept_id
            stays |= set(db.session.execute(select(_id(table)).where(mine, tie)).scalars())
    return stays


def _move(merge_id: int, holding: Holding, kept_id: int, gone_id: int) -> None:
    table, mine = _rows(holding, gone_id)
    stays = _staying(holding, kept_id, gone_id)
    ids = [i for i in db.session.execute(select(_id(table)).where(mine).order_by(_id(table))).scalars()
           if i not in stays]  # fmt: skip
    once = _CHOSEN_ONCE.get(table.name)
    has_first = once is not None and bool(
        db.session.execute(select(_id(table)).where(table.c[holding.column] == kept_id, table.c[once])).first()
    )
    columns = [table.c[holding.column], *([table.c[once]] if once else [])]
    values: dict[str, Any] = {holding.column: kept_id} | ({once: False} if once and has_first else {})
    for start in range(0, len(ids), 500):
        chosen = _id(table).in_(ids[start : start + 500])
        before = db.session.execute(select(_id(table), *columns).where(chosen)).all()
        _keep(merge_id, table, RowChange.CHANGED, [(r[0], dict(zip((c.name for c in columns), r[1:], strict=True)))
                                                   for r in before])  # fmt: skip
        db.session.execute(update(table).where(chosen).values(**values))


def _drop(merge_id: int, holding: Holding, kept_id: int, gone_id: int) -> None:
    """Rows that are made anew are kept as they were and taken away; the pair's own row stays."""
    table, mine = _rows(holding, gone_id)
    stays = _staying(holding, kept_id, gone_id)
    rows = [dict(r._mapping) for r in db.session.execute(select(table).where(mine))]
    gone = [r for r in rows if r[_id(table).name] not in stays]
    _keep(merge_id, table, RowChange.DROPPED, [(r[_id(table).name], r) for r in gone])
    db.session.execute(delete(table).where(mine, _id(table).not_in(stays)))


def _hand_on(merge_id: int, kept: Supporter, gone: Supporter) -> None:
    """Of the dead nobody may think they live; who asked for letters goes on getting them."""
    before = {name: getattr(kept, name) for name in _HANDED_ON}
    for name in _HANDED_ON:
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    if before != {name: getattr(kept, name) for name in _HANDED_ON}:
        _keep(merge_id, db.metadata.tables["supporter"], RowChange.CHANGED, [(kept.id, before)])


def _keep(merge_id: int, table: Table, change: RowChange, rows: Iterable[tuple[int, dict[str, Any]]]) -> None:
    values = []
    for row_id, before in rows:
        change_id = new_id()
        sealed = seal(json.dumps(before, default=_as_text), f"merge:{change_id}")
        values.append({"id": change_id, "merge_id": merge_id, "table_name": table.name, "row_id": row_id,
                       "change": change, "before_sealed": sealed})  # fmt: skip
    if values:
        db.session.execute(insert(MergeRow.__table__), values)


def _as_text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value))


def _restore(change: MergeRow) -> None:
    table = db.metadata.tables[change.table_name]
    told = json.loads(unseal(change.before_sealed, f"merge:{change.id}"))
    before = {name: _as_value(table.c[name], value) for name, value in told.items()}
    if change.change is RowChange.DROPPED:
        db.session.execute(insert_new(table), [before])
    else:  # a row that was taken away since stays away
        db.session.execute(update(table).where(_id(table) == change.row_id).values(**before))


def _as_value(column: Any, value: Any) -> Any:
    kind = getattr(column.type, "impl_instance", column.type)  # what a type of our own stands on
    if value is None:
        return None
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return bytes.fromhex(value) if isinstance(kind, LargeBinary) else value


def _rejoin(kept_id: int, gone_id: int, actor: Actor, now: datetime) -> None:
    """Make anew what is derived: search words here, totals in the rooms above."""
    db.session.flush()
    for supporter_id in (kept_id, gone_id):
        tokens.rebuild(supporter_id)
    publish(SupportersRejoined(ids=(kept_id, gone_id), actor=actor, at=now))


def _tell(action: str, kept_id: int, gone_id: int, actor: Actor, now: datetime) -> None:
    for one, other in ((kept_id, gone_id), (gone_id, kept_id)):
        told = {"with": [None, str(other)]}
        record(action, ("supporter", one), actor=actor, now=now, changes=told, person_id=one)


def merges_of(supporter_id: int) -> list[Merge]:
    """Merges of which this record is part, newest first."""
    mine = (Merge.kept_id == supporter_id) | (Merge.gone_id == supporter_id)
    return list(db.session.execute(select(Merge).where(mine).order_by(Merge.id.desc())).scalars())
