"""The sums of a cover plan: lines × sources, gaps and doubles, and where a funder's rule is crossed.

Plain figures in, plain figures out: integer cents, percentages in basis points. Nothing is refused here;
a plan that does not add up is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.base.states import N_
from app.grants.budgets.models import Category
from app.grants.projects.models import OverheadRule, SourceKind

ALL = 10_000  # basis points


@dataclass(frozen=True, slots=True)
class Rule:
    """What a funder pays. `max_rate_cents`: at most so much for an hour."""

    overhead: OverheadRule = OverheadRule.OPEN
    overhead_bp: int | None = None
    overhead_cents: int | None = None
    max_rate_cents: int | None = None
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """A column of the plan. `granted_cents` is what the grant gives, `elsewhere_cents` what it covers in other
    projects."""

    id: int
    kind: SourceKind
    name: str
    grant_id: int | None = None
    granted_cents: int = 0
    elsewhere_cents: int = 0
    rule: Rule = Rule()
    short: str = ""  # for the heading of its column


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the plan; hours in hundredths."""

    id: int
    name: str
    category: Category
    cents: int
    hours_hundredths: int | None = None
    rate_cents: int | None = None
    percent_bp: int | None = None

    @property
    def is_overhead(self) -> bool:
        return self.category is Category.OVERHEAD


@dataclass(frozen=True, slots=True)
class Part:
    """What a source was said to pay of a line: an amount, or a share of what it accepts."""

    cents: int | None = None
    share_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """A sentence with amounts in cents for its gaps."""

    message: str
    line: str = ""
    source: str = ""
    cents: int = 0
    limit_cents: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A line with what each source pays of it, by source id. Of gap and double at most one is above zero."""

    line: Line
    cells: Mapping[int, int]

    @property
    def covered_cents(self) -> int:
        return sum(self.cells.values())

    @property
    def gap_cents(self) -> int:
        return max(0, self.line.cents - self.covered_cents)

    @property
    def double_cents(self) -> int:
        return max(0, self.covered_cents - self.line.cents)


@dataclass(frozen=True, slots=True)
class Plan:
    sources: Sequence[Source]
    rows: Sequence[Row]
    warnings: Sequence[Warned] = field(default=())

    @property
    def cost_cents(self) -> int:
        return sum(row.line.cents for row in self.rows)

    @property
    def covered_cents(self) -> int:
        return sum(row.covered_cents for row in self.rows)

    @property
    def gap_cents(self) -> int:
        """What no source pays. A double on one line does not fill the gap of another."""
        return sum(row.gap_cents for row in self.rows)

    @property
    def double_cents(self) -> int:
        return sum(row.double_cents for row in self.rows)

    def of_source(self, source_id: int) -> int:
        return sum(row.cells.get(source_id, 0) for row in self.rows)


def cost_of_hours(hours_hundredths: int, rate_cents: int) -> int:
    """Cents of so many hundredths of hours, half a cent upwards."""
    return (hours_hundredths * rate_cents + 50) // 100


def share_of(cents: int, basis_points: int) -> int:
    """A share in cents, half a cent upwards."""
    return (cents * basis_points + ALL // 2) // ALL


def accepted(line: Line, rule: Rule) -> int:
    """What a funder accepts of a line at the most: hours at its highest rate, nothing of an excluded category."""
    if line.category.value in rule.excluded:
        return 0
    if line.hours_hundredths is not None and line.rate_cents is not None and rule.max_rate_cents is not None:
        return cost_of_hours(line.hours_hundredths, min(line.rate_cents, rule.max_rate_cents))
    return line.cents


def covered(line: Line, sources: Sequence[Source], parts: Mapping[int, Part]) -> dict[int, int]:
    """Cents by source. Shares are of what the source accepts; shares of the whole that come to 100 % come to
    the whole, to the cent."""
    cells: dict[int, int] = {}
    so_far = 0  # basis points of the whole line given out
    for source in sources:
        part = parts.get(source.id)
        if part is None:
            continue
        base = accepted(line, source.rule) or line.cents  # of what is excluded: shown whole, with a warning
        if part.share_bp is None:
            cells[source.id] = part.cents or 0
        elif base == line.cents:
            cells[source.id] = share_of(base, so_far + part.share_bp) - share_of(base, so_far)
            so_far += part.share_bp
        else:
            cells[source.id] = share_of(base, part.share_bp)
    return cells


def make(sources: Sequence[Source], lines: Sequence[Line], parts: Mapping[tuple[int, int], Part]) -> Plan:
    """The plan of these lines and sources; `parts` by (line id, source id)."""
    by_line: dict[int, dict[int, Part]] = {}
    for (line_id, source_id), part in parts.items():
        by_line.setdefault(line_id, {})[source_id] = part
    rows = [Row(line, covered(line, sources, by_line.get(line.id, {}))) for line in lines]
    plan = Plan(sources, rows)
    return Plan(sources, rows, _warnings(plan))


def overhead_limit(source: Source, rows: Sequence[Row]) -> int | None:
    """What a funder pays of overhead at the most, by what it covers of direct costs; None: no limit."""
    rule = source.rule
    if rule.overhead is OverheadRule.NONE:
        return 0
    if rule.overhead is OverheadRule.FLAT:
        return rule.overhead_cents
    if rule.overhead is OverheadRule.PERCENT:
        direct = sum(row.cells.get(source.id, 0) for row in rows if not row.line.is_overhead)
        return share_of(direct, rule.overhead_bp or 0)
    return None


def _warnings(plan: Plan) -> list[Warned]:
    found: list[Warned] = []
    for source in plan.sources:
        for row in plan.rows:
            cents, most = row.cells.get(source.id, 0), accepted(row.line, source.rule)
            if cents <= most or cents <= 0 or most == row.line.cents:
                continue  # more than the line itself is a double, told at the line
            said = N_("%(source)s pays nothing of “%(line)s”: this category is excluded.")
            if most:
                said = N_("%(source)s accepts at most %(limit)s of “%(line)s” by its highest hourly rate.")
            found.append(Warned(said, row.line.name, source.name, cents, most))
        overhead = sum(row.cells.get(source.id, 0) for row in plan.rows if row.line.is_overhead)
        limit = overhead_limit(source, plan.rows)
        if limit is not None and overhead > limit:
            said = N_("%(source)s pays at most %(limit)s of overhead; the plan says %(amount)s.")
            found.append(Warned(said, source=source.name, cents=overhead, limit_cents=limit))
        whole = plan.of_source(source.id) + source.elsewhere_cents
        if source.kind is SourceKind.GRANT and whole > source.granted_cents:
            said = N_("%(source)s grants %(limit)s; over all projects %(amount)s is planned of it.")
            found.append(Warned(said, source=source.name, cents=whole, limit_cents=source.granted_cents))
    return found
