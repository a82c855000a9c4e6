"""A forest plot: the standardised mean differences of endpoints with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psgpipe.comparison.pages.axis import Axis, Tick, round_values, short_number
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import EndpointReliability

WIDTH, LEFT_PX, RIGHT_PX, ROW_PX, TOP_PX = 660, 200.0, 480.0, 34.0, 34.0
LARGEST_SHOWN = 4.0
"""Standard deviations at the end of the axis; more is drawn as an arrow."""


@dataclass(frozen=True)
class ForestMark:
    """One standardised difference: its places in pixels and its numbers as text.

    `beyond` says that the estimate or a limit lies outside the axis.
    """

    name: str
    y_px: float
    x_px: float
    low_px: float | None
    high_px: float | None
    beyond: bool
    text: str


@dataclass(frozen=True)
class ForestRow:
    """One endpoint with its standardised differences."""

    endpoint: str
    y_px: float
    marks: tuple[ForestMark, ...]


@dataclass(frozen=True)
class ForestPlot:
    """The places of everything in the picture."""

    rows: tuple[ForestRow, ...]
    ticks: tuple[Tick, ...]
    zero_px: float
    height: float
    summary: str


def forest_plot(
    contrasts: Sequence[Contrast], reliability: Sequence[EndpointReliability]
) -> ForestPlot | None:
    """The forest of these endpoints; None where none has a standardised difference."""
    by_endpoint = {row.endpoint: row for row in reliability}
    shown = [c for c in contrasts if c.dz is not None or c.g_av is not None]
    if not shown:
        return None
    numbers = [_numbers(c, by_endpoint.get(c.endpoint)) for c in shown]
    values = [v for row in numbers for _, *triple in row for v in triple if v is not None]
    inside = [min(max(v, -LARGEST_SHOWN), LARGEST_SHOWN) for v in (*values, -0.5, 0.5)]
    axis = Axis.around(inside, LEFT_PX, RIGHT_PX)
    rows = tuple(
        _row(c, triples, TOP_PX + ROW_PX * (place + 0.5), axis)
        for place, (c, triples) in enumerate(zip(shown, numbers, strict=True))
    )
    ticks = tuple(Tick(axis.px(v), short_number(v)) for v in round_values(axis.low, axis.high, 8))
    summary = "; ".join(f"{r.endpoint}: {', '.join(m.text for m in r.marks)}" for r in rows)
    height = TOP_PX + ROW_PX * len(rows) + 34
    return ForestPlot(rows, ticks, axis.px(0.0), height, summary)


_Triple = tuple[str, float | None, float | None, float | None]


def _numbers(contrast: Contrast, row: EndpointReliability | None) -> list[_Triple]:
    """Name, estimate and limits of each standardised difference that exists."""
    if row is None:
        triples: list[_Triple] = [
            ("dz", contrast.dz, None, None), ("g_av", contrast.g_av, None, None)
        ]  # fmt: skip
    else:
        triples = [
            ("dz", contrast.dz, row.dz_low, row.dz_high),
            ("g_av", contrast.g_av, row.g_av_low, row.g_av_high),
        ]
    return [triple for triple in triples if triple[1] is not None]


def _row(contrast: Contrast, triples: Sequence[_Triple], y_px: float, axis: Axis) -> ForestRow:
    marks = []
    for place, (name, value, low, high) in enumerate(triples):
        if value is None:
            continue
        ends = [v for v in (value, low, high) if v is not None]
        interval = "" if low is None or high is None else f" [{low:.2f}, {high:.2f}]"
        marks.append(
            ForestMark(
                name,
                y_px + (place - 0.5) * 11 if len(triples) > 1 else y_px,
                axis.px(value),
                None if low is None else axis.px(low),
                None if high is None else axis.px(high),
                not all(axis.holds(v) for v in ends),
                f"{name} {value:.2f}{interval}",
            )
        )
    return ForestRow(contrast.endpoint, y_px, tuple(marks))
