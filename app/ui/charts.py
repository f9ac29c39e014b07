"""Where things stand in a chart, in per cent of the plot; templates/components/charts.html draws them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import Flask

Number = int | float


@dataclass(frozen=True, slots=True)
class Scale:
    """A vertical axis. The zero line is always on it, so that heights may be compared."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def y(self, value: Number) -> float:
        """Distance from the top, in per cent of the plot."""
        return round(100 * (self.high - value) / (self.high - self.low), 3)

    @property
    def zero(self) -> float:
        return self.y(0)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar or segment: its corner and size in per cent; `index` is the category, `series` the row."""

    index: int
    series: int
    x: float
    y: float
    width: float
    height: float
    value: Number

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 3)


def scale(values: Iterable[Number], count: int = 4) -> Scale:
    """An axis over these values with about `count` round steps (1, 2, 2.5, 5 times a power of ten)."""
    known = [float(v) for v in values]
    low, high = min([0.0, *known]), max([0.0, *known])
    if low == high:
        return Scale(0.0, 1.0, (0.0,))
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step)
    return Scale(first * step, last * step, tuple(i * step for i in range(first, last + 1)))


def bars(values: Sequence[Number], axis: Scale, fill: float = 0.62) -> list[Bar]:
    """One bar for each value, `fill` of its band wide."""
    return stacked([values], axis, fill)


def stacked(series: Sequence[Sequence[Number]], axis: Scale, fill: float = 0.62) -> list[Bar]:
    """Segments on top of each other; negative ones hang below zero."""
    count = max((len(values) for values in series), default=0)
    made = []
    for index in range(count):
        band = 100 / count
        up = down = 0.0
        for row, values in enumerate(series):
            value = values[index] or 0
            if not value:
                continue
            start = up if value > 0 else down
            end = start + value
            up, down = (end, down) if value > 0 else (up, end)
            top, bottom = axis.y(max(start, end)), axis.y(min(start, end))
            made.append(
                Bar(
                    index, row, round(index * band + band * (1 - fill) / 2, 3), top, round(band * fill, 3),
                    round(bottom - top, 3), value,
                )
            )  # fmt: skip
    return made


def totals(series: Sequence[Sequence[Number]]) -> list[Number]:
    """The height of each stack above zero, and below it: what the axis must hold."""
    count = max((len(values) for values in series), default=0)
    above = [sum(max(values[i] or 0, 0) for values in series) for i in range(count)]
    below = [sum(min(values[i] or 0, 0) for values in series) for i in range(count)]
    return [*above, *below]


def points(values: Sequence[Number | None], axis: Scale) -> list[tuple[float, float] | None]:
    """(x, y) of each value of a line; None where there is none, which breaks the line."""
    span = max(len(values) - 1, 1)
    return [None if v is None else (round(100 * i / span, 3), axis.y(v)) for i, v in enumerate(values)]


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        chart_scale=scale, chart_bars=bars, chart_stacked=stacked, chart_totals=totals, chart_points=points
    )
