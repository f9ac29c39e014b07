"""What the pages of parts read: the report they belong to, each partner's standing, one part with all
that was said about it, and the figures put together. A constant number of statements each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select

from app.base.errors import NotFound
from app.base.states import N_
from app.extensions import db
from app.grants.awards.models import Grant
from app.grants.budgets import queries as budgets
from app.grants.funders.models import Funder
from app.grants.obligations.models import Obligation
from app.grants.partners.models import GrantPartner
from app.grants.parts import queries
from app.grants.parts.models import (
    DONE,
    WITH_PARTNER,
    ChainMove,
    PartChain,
    PartComment,
    PartMove,
    PartState,
    PartTask,
    PartText,
    ReportPart,
    TaskDevice,
)
from app.grants.parts.queries import PartView
from app.supporters.models import Supporter


@dataclass(frozen=True, slots=True)
class About:
    """The report that parts belong to, in words."""

    obligation_id: int
    kind: str
    title: str
    grant_id: int
    grant: str
    funder: str


def about(obligation_id: int) -> About:
    """Raises NotFound for anything but an obligation of a grant."""
    row = db.session.execute(
        select(Obligation.kind, Obligation.title, Grant.id, Grant.title, Supporter.display_name)
        .join(Grant, Grant.id == Obligation.grant_id)
        .join(Funder, Funder.id == Grant.funder_id)
        .join(Supporter, Supporter.id == Funder.supporter_id)
        .where(Obligation.id == obligation_id)
    ).first()
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    kind, title, grant_id, grant, funder = row
    return About(obligation_id, kind.label, title, grant_id, grant, funder)


def chain_of(obligation_id: int) -> PartChain | None:
    return db.session.execute(select(PartChain).where(PartChain.obligation_id == obligation_id)).scalar_one_or_none()


def chain(obligation_id: int) -> PartChain:
    """The chain, or NotFound."""
    row = chain_of(obligation_id)
    if row is None:
        raise NotFound(N_("No parts are asked for this yet."))
    return row


def log_of(chain: PartChain | None, limit: int = 20) -> list[ChainMove]:
    """How the dates moved, newest first."""
    if chain is None:
        return []
    moves = select(ChainMove).where(ChainMove.chain_id == chain.id).order_by(ChainMove.at.desc(), ChainMove.id.desc())
    return list(db.session.execute(moves.limit(limit)).scalars())


def partner_name(partner_id: int) -> str:
    found = (
        select(Supporter.display_name)
        .join(GrantPartner, GrantPartner.supporter_id == Supporter.id)
        .where(GrantPartner.id == partner_id)
    )
    return db.session.execute(found).scalar() or ""


def lines(obligation_id: int, partner_id: int | None) -> list[PartView]:
    return queries.parts_of(obligation_id, partner_id)


def one(part_id: int) -> tuple[ReportPart, PartView]:
    """A part's row and view, or NotFound."""
    row = db.session.get(ReportPart, part_id)
    if row is None:
        raise NotFound(N_("This is not here, or not any more."))
    return row, queries.view(part_id)


def reason(part_id: int) -> str:
    """Why it came back: the words of the last time."""
    back = (PartMove.part_id == part_id) & (PartMove.to_state == PartState.RETURNED.value)
    found = select(PartMove.note).where(back).order_by(PartMove.at.desc(), PartMove.id.desc()).limit(1)
    return db.session.execute(found).scalar() or ""


def moves(part_id: int) -> list[PartMove]:
    chosen = select(PartMove).where(PartMove.part_id == part_id).order_by(PartMove.at.desc(), PartMove.id.desc())
    return list(db.session.execute(chosen.limit(40)).scalars())


def comments(part_id: int) -> list[PartComment]:
    chosen = select(PartComment).where(PartComment.part_id == part_id).order_by(PartComment.at, PartComment.id)
    return list(db.session.execute(chosen.limit(100)).scalars())


def set_aside(part_id: int) -> list[PartText]:
    """Words of people who came second, newest first."""
    chosen = select(PartText).where(PartText.part_id == part_id, PartText.set_aside)
    return list(db.session.execute(chosen.order_by(PartText.at.desc(), PartText.id.desc()).limit(5)).scalars())


@dataclass(slots=True)
class Standing:
    """How one partner stands for one report (`partner_id` None: ourselves)."""

    partner_id: int | None
    name: str
    parts: list[PartView]
    task_id: int | None = None
    email: str = ""
    reminded_on: date | None = None
    revoked: bool = False
    devices: int = 0

    @property
    def open_count(self) -> int:
        """Parts that are theirs to write."""
        return sum(part.state in {state.value for state in WITH_PARTNER} for part in self.parts)

    @property
    def to_judge(self) -> int:
        return sum(part.state == PartState.SUBMITTED.value for part in self.parts)

    @property
    def done(self) -> int:
        return sum(part.state in {state.value for state in DONE} for part in self.parts)

    def is_late(self, chain: PartChain | None, today: date) -> bool:
        return chain is not None and self.open_count > 0 and chain.partner_due_on < today


def standings(obligation_id: int) -> list[Standing]:
    """Every partner with its parts, who has most to do first."""
    found: dict[int | None, Standing] = {}
    for part in queries.parts(obligation_id):
        standing = found.setdefault(part.partner_id, Standing(part.partner_id, part.partner_name, []))
        standing.parts.append(part)
    known = (
        select(PartTask, func.count(TaskDevice.id))
        .outerjoin(TaskDevice, TaskDevice.task_id == PartTask.id)
        .where(PartTask.obligation_id == obligation_id)
        .group_by(PartTask.id)
    )
    for task, devices in db.session.execute(known):
        if task.partner_id in found:
            standing = found[task.partner_id]
            standing.task_id, standing.email, standing.reminded_on = task.id, task.email, task.reminded_on
            standing.revoked, standing.devices = task.revoked_at is not None, devices
    return sorted(found.values(), key=lambda each: (-each.open_count, -each.to_judge, each.name))


@dataclass(slots=True)
class Row:
    """One line of figures over all partners; a cell without a figure is None."""

    label: str
    budget_line_id: int | None
    cells: list[int | None] = field(default_factory=list)
    revised_cents: int | None = None

    @property
    def cents(self) -> int:
        return sum(cell or 0 for cell in self.cells)


@dataclass(slots=True)
class Consolidated:
    """The figures of all partners together. `wrong` names what does not add up."""

    columns: list[tuple[int | None, str]]
    rows: list[Row]
    totals: list[int]
    stated: list[int | None]
    booked: list[int | None]

    @property
    def cents(self) -> int:
        return sum(self.totals)

    @property
    def differing(self) -> list[tuple[str, int]]:
        """(partner, what our books have) where that is another amount than the partner's figures."""
        return [
            (name, booked)
            for (_id, name), total, booked in zip(self.columns, self.totals, self.booked, strict=True)
            if booked is not None and booked != total
        ]

    @property
    def wrong(self) -> list[tuple[str, int, int]]:
        """(partner, sum of the figures, total they state) where the two differ."""
        return [
            (name, total, stated)
            for (_id, name), total, stated in zip(self.columns, self.totals, self.stated, strict=True)
            if stated is not None and stated != total
        ]


def consolidate(grant_id: int, parts: Sequence[PartView]) -> Consolidated | None:
    """The figures of a report's parts side by side, with the budget and what is booked beside them."""
    asked = [part for part in parts if part.kind == "figures" and part.state != PartState.WAIVED.value]
    if not asked:
        return None
    columns = list(dict.fromkeys((part.partner_id, part.partner_name) for part in asked))
    rows: dict[tuple[int | None, str], Row] = {}
    budget = {line.id: line.revised_cents for line in budgets.lines(grant_id)}
    for part in asked:
        place = columns.index((part.partner_id, part.partner_name))
        for figure in part.figures:
            key = (figure.budget_line_id, figure.label)
            row = rows.setdefault(
                key,
                Row(figure.label, figure.budget_line_id, [None] * len(columns), budget.get(figure.budget_line_id or 0)),
            )
            if figure.known:
                row.cells[place] = (row.cells[place] or 0) + figure.cents
    spent = budgets.spent_by_partner(grant_id)
    return Consolidated(
        columns=columns,
        rows=list(rows.values()),
        totals=[sum(row.cells[place] or 0 for row in rows.values()) for place in range(len(columns))],
        stated=[_stated(asked, partner_id) for partner_id, _name in columns],
        booked=[spent.get(partner_id) for partner_id, _name in columns],
    )


def _stated(parts: Sequence[PartView], partner_id: int | None) -> int | None:
    given = [part.total_cents for part in parts if part.partner_id == partner_id]
    return None if any(each is None for each in given) else sum(each or 0 for each in given)


def text_versions(part_id: int, limit: int = 10) -> list[tuple[datetime, str, str]]:
    """(when, who, text) of what was saved, newest first."""
    chosen = select(PartText).where(PartText.part_id == part_id, PartText.set_aside.is_(False))
    rows = db.session.execute(chosen.order_by(PartText.at.desc(), PartText.id.desc()).limit(limit)).scalars()
    return [(row.at, row.who, row.answer) for row in rows]
