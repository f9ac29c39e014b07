"""Charts are honest: zero is on every axis, heights are proportional, nothing divides by nothing."""

from __future__ import annotations

import re

import pytest
from flask import Flask, render_template_string

from app.ui import charts

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize(
    ("values", "low", "high", "ticks"),
    [
        ([76_250_050, 41_200_000], 0, 80_000_000, 5),
        ([3], 0, 3, 4),
        ([-40, 100], -50, 100, 4),
        ([-7], -8, 0, 5),
        ([0.31], 0, 0.4, 5),
    ],
)
def test_axes_have_round_steps_and_hold_zero(values: list[float], low: float, high: float, ticks: int) -> None:
    axis = charts.scale(values)
    assert (axis.low, axis.high) == pytest.approx((low, high))
    assert len(axis.ticks) == ticks
    assert 0 in axis.ticks
    assert axis.y(high) == 0
    assert axis.y(low) == 100


def test_heights_are_in_proportion_and_segments_stand_on_each_other() -> None:
    series = [[100, 0, 50], [50, 25, -50]]
    axis = charts.scale(charts.totals(series))
    made = charts.stacked(series, axis)
    heights = {(bar.series, bar.index): bar.height for bar in made}
    assert heights[0, 0] == pytest.approx(2 * heights[1, 0], abs=0.01)
    assert (0, 1) not in heights, "nothing is not drawn"
    first, second = (next(bar for bar in made if (bar.series, bar.index) == (row, 0)) for row in (0, 1))
    assert second.y + second.height == pytest.approx(first.y, abs=0.01)
    below = next(bar for bar in made if bar.value == -50)
    assert below.y == pytest.approx(axis.zero, abs=0.01)


def test_a_gap_breaks_the_line() -> None:
    assert charts.points([0, None, 10], charts.scale([10])) == [(0.0, 100.0), None, (100.0, 0.0)]


DRAW = """{% from "components/charts.html" import bars, stacked_bars, line_chart, horizontal_bars, sparkline %}
{{ bars('A', data) }}{{ stacked_bars('B', labels, [{'name': 'x', 'values': values}]) }}
{{ line_chart('C', labels, [{'name': 'x', 'values': values}]) }}
{{ horizontal_bars('D', data) }}{{ sparkline('E', values) }}"""


@pytest.mark.parametrize("values", [[], [0, 0], [5], [-5, 12, 7]])
def test_every_chart_can_be_drawn_and_read(app: Flask, values: list[int]) -> None:
    labels = [f"<{i}>" for i in range(len(values))]
    with app.test_request_context("/"):
        drawn = render_template_string(DRAW, values=values, labels=labels, data=list(zip(labels, values, strict=True)))
    assert "nan" not in drawn.lower()
    assert drawn.count('role="img"') == 4
    assert drawn.count("<table>") == 3
    assert not re.search(r"<\d", drawn), "labels are escaped"
    assert "style=" not in drawn
