"""The picture of a concordance: the difference of two sources over the value of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psgpipe.comparison.pages.axis import Axis, Tick, round_values, short_number
from psgpipe.concordance.measures import MEASURES, MeasureConcordance, Pair, pairs_of
from psgpipe.concordance.nights import SourceNight
from psgpipe.reports.rendering import render

DRAWN = ("tst_min", "sol_min", "waso_min", "se_pct")
WIDTH, PANEL_HEIGHT, PANEL_WIDTH, HEAD = 860, 190, 430, 30
LEFT, RIGHT, TOP, BOTTOM = 64.0, 12.0, 28.0, 36.0


@dataclass(frozen=True)
class Line:
    """Bias or a limit: its height and that of its interval, in pixels."""

    name: str
    y_px: float
    low_px: float | None
    high_px: float | None
    text: str


@dataclass(frozen=True)
class Panel:
    """One measure of two sources; points are nights."""

    title: str
    x_title: str
    left_px: float
    right_px: float
    top_px: float
    bottom_px: float
    zero_px: float | None
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    points: tuple[tuple[float, float, str], ...]
    lines: tuple[Line, ...]


def concordance_svg(nights: Sequence[SourceNight], measures: Sequence[MeasureConcordance]) -> str:
    """A panel for each main measure of each two sources."""
    panels = list(_panels(nights, measures))
    height = HEAD + PANEL_HEIGHT * ((len(panels) + 1) // 2)
    return render("concordance.svg", panels=panels, width=WIDTH, height=height)


def _panels(
    nights: Sequence[SourceNight], measures: Sequence[MeasureConcordance]
) -> Iterator[Panel]:
    drawn = [one for one in measures if one.measure in DRAWN and one.limits is not None]
    for number, one in enumerate(drawn):
        measure = next(m for m in MEASURES if m.name == one.measure)
        pairs = pairs_of(measure, one.source, one.reference, nights)
        yield _panel(one, pairs, (number % 2) * PANEL_WIDTH, HEAD + (number // 2) * PANEL_HEIGHT)


def _panel(one: MeasureConcordance, pairs: Sequence[Pair], x_px: float, y_px: float) -> Panel:
    differences = [pair.value - pair.reference for pair in pairs]
    limits = one.limits
    given = () if limits is None else (limits.lower, limits.upper)
    ends = [0.0, *(value for value in given if value is not None)]
    x = Axis.around([p.reference for p in pairs], x_px + LEFT, x_px + PANEL_WIDTH - RIGHT)
    y = Axis.around([*differences, *ends], y_px + PANEL_HEIGHT - BOTTOM, y_px + TOP)
    return Panel(
        title=f"{one.measure}: {one.source} minus {one.reference}",
        x_title=f"{one.measure} by {one.reference}",
        left_px=x.start_px,
        right_px=x.end_px,
        top_px=y.end_px,
        bottom_px=y.start_px,
        zero_px=y.px(0.0) if y.holds(0.0) else None,
        x_ticks=_ticks(x),
        y_ticks=_ticks(y),
        points=tuple(
            (x.px(pair.reference), y.px(d), f"{pair.night.subject} {pair.night.date}: {d:+.1f}")
            for pair, d in zip(pairs, differences, strict=True)
        ),
        lines=tuple(_lines(one, y)),
    )


def _ticks(axis: Axis) -> tuple[Tick, ...]:
    return tuple(Tick(axis.px(v), short_number(v)) for v in round_values(axis.low, axis.high, 5))


def _lines(one: MeasureConcordance, y: Axis) -> Iterator[Line]:
    limits = one.limits
    if limits is None:
        return
    for name, value, interval in (
        ("bias", limits.bias, limits.bias_interval),
        ("lower limit", limits.lower, limits.lower_interval),
        ("upper limit", limits.upper, limits.upper_interval),
    ):
        if value is not None:
            low, high = interval or (None, None)
            yield Line(
                name, y.px(value), None if low is None else y.px(low),
                None if high is None else y.px(high), f"{name} {value:+.1f}",
            )  # fmt: skip
