"""An estimation plot: each subject from baseline to treatment, and beside it the mean difference.

Both parts have one scale: the zero of the differences lies at the mean of the baseline or, with
arms, at the adjusted mean of the control arm.
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass

from psgpipe.comparison.endpoints.units import unit_of, whole_of
from psgpipe.comparison.pages.axis import Axis, Tick, round_ratios, round_values, short_number
from psgpipe.comparison.words.shown_numbers import ratio, signed
from psgpipe.messages import count_of, listed
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import SubjectChange

WIDTH, HEIGHT = 660, 330
TOP_PX, BOTTOM_PX = 44.0, 286.0
BASELINE_PX, TREATMENT_PX = 110.0, 240.0
CHANGES_PX, MEAN_PX, MEDIAN_PX = 360.0, 465.0, 560.0
MOST_SINGLE_LINES = 200
"""Subjects that can be pointed at; of more there is one path for all."""


@dataclass(frozen=True)
class SubjectLine:
    """One subject: heights at baseline and under treatment, and of the change, in pixels."""

    subject: str
    baseline_px: float
    treatment_px: float
    change_px: float
    change_x_px: float
    beyond_mdc: bool | None
    is_control: bool
    text: str


@dataclass(frozen=True)
class Estimate:
    """A difference with its interval, in pixels; an interval that does not exist is None."""

    name: str
    x_px: float
    y_px: float
    low_px: float | None
    high_px: float | None
    text: str


@dataclass(frozen=True)
class Band:
    """A minimal detectable change on both sides of zero, in pixels."""

    top_px: float
    height_px: float


@dataclass(frozen=True)
class EstimationPlot:
    """The places of everything in the picture.

    Attributes
    ----------
    bands
        Of the minimal detectable change: the widest first where subjects differ in nights.
    unit
        Of a difference; blank where it is a ratio.
    bands_text, not_drawn
        What the bands are, or why there are none; subjects without numbers.
    baseline_px, treatment_px
        Heights of the means; with arms of the treatment arm.
    control_px
        The same two of the control arm; None without arms.
    """

    endpoint: str
    level_title: str
    change_title: str
    unit: str
    level_ticks: tuple[Tick, ...]
    change_ticks: tuple[Tick, ...]
    zero_px: float
    lines: tuple[SubjectLine, ...]
    baseline_px: float
    treatment_px: float
    control_px: tuple[float, float] | None
    estimates: tuple[Estimate, ...]
    bands: tuple[Band, ...]
    bands_text: str
    not_drawn: str
    summary: str


def estimation_plot(
    contrast: Contrast, changes: Sequence[SubjectChange], control: Container[str] = ()
) -> EstimationPlot | None:
    """The plot of one endpoint; None where no subject has numbers.

    Parameters
    ----------
    changes
        Of the subjects with this endpoint.
    control
        The words of the control arm.
    """
    drawn = [c for c in changes if None not in (c.baseline_mean, c.treatment_mean, c.difference)]
    if not drawn:
        return None
    scale = _Scale(contrast, drawn)
    # A change within an arm has another zero than the difference between arms.
    bands, bands_text = _bands(drawn, scale) if contrast.arms is None else ((), "")
    zero_px = scale.change_px(0.0)
    return EstimationPlot(
        contrast.endpoint,
        scale.level_title,
        scale.change_title,
        scale.change_unit,
        scale.level_ticks,
        scale.change_ticks,
        zero_px,
        _lines(drawn, scale, control),
        scale.axis.px(_mean(drawn, "baseline_mean", contrast.baseline_mean)),
        scale.axis.px(_mean(drawn, "treatment_mean", contrast.treatment_mean)),
        _control_px(contrast, scale),
        tuple(_estimates(contrast, scale)),
        bands,
        bands_text,
        _not_drawn(changes, drawn),
        _summary(contrast, drawn, scale),
    )


def _control_px(contrast: Contrast, scale: _Scale) -> tuple[float, float] | None:
    means = (contrast.control_baseline_mean, contrast.control_treatment_mean)
    if means[0] is None or means[1] is None:
        return None
    return scale.axis.px(means[0]), scale.axis.px(means[1])


def _mean(drawn: Sequence[SubjectChange], field: str, mean: float | None) -> float:
    """The mean of the contrast; where it has none, that of the subjects that are drawn."""
    if mean is not None:
        return mean
    values: list[float] = [getattr(change, field) for change in drawn]
    return math.fsum(values) / len(values)


class _Scale:
    """The scale of levels and differences of one endpoint."""

    def __init__(self, contrast: Contrast, drawn: Sequence[SubjectChange]) -> None:
        self.contrast = contrast
        self.is_log = contrast.transform == "log"
        self.unit = unit_of(contrast.endpoint)
        self.zero = (
            _mean(drawn, "baseline_mean", contrast.baseline_mean)
            if contrast.arms is None
            else _mean(drawn, "treatment_mean", contrast.adjusted_control_mean)
        )
        levels = [v for c in drawn for v in (c.baseline_mean, c.treatment_mean) if v is not None]
        shifts = [0.0, contrast.difference, contrast.ci_low, contrast.ci_high]
        shifts += [contrast.hodges_lehmann, contrast.hl_low, contrast.hl_high]
        own = drawn if contrast.arms is None else []
        shifts += [c.difference for c in own]
        shifts += [sign * c.mdc95 for c in own if c.mdc95 is not None for sign in (-1, 1)]
        values = [*levels, *(self.zero + s for s in shifts if s is not None)]
        self.axis = Axis.around(values, BOTTOM_PX, TOP_PX)
        self.low, self.high = min(levels), max(levels)

    @property
    def level_title(self) -> str:
        endpoint = self.contrast.endpoint
        whole = whole_of(endpoint)
        of = f" of {whole}" if whole else ""
        return f"{endpoint} ({self.unit}{of})" if self.unit else endpoint

    @property
    def change_title(self) -> str:
        what = "ratio" if self.is_log else "difference"
        return f"{what} ({self.change_unit})" if self.change_unit else what

    @property
    def change_unit(self) -> str:
        """The unit of a difference; a ratio has none."""
        return "" if self.is_log else {"%": "points"}.get(self.unit, self.unit)

    @property
    def level_ticks(self) -> tuple[Tick, ...]:
        """Marks at round values of the endpoint as it was measured."""
        low, high, offset = self.axis.low, self.axis.high, self.contrast.offset
        if not self.is_log:
            return tuple(Tick(self.axis.px(v), short_number(v)) for v in round_values(low, high))
        values = round_ratios(max(math.exp(low) - offset, 1e-12), math.exp(high) - offset)
        return tuple(Tick(self.axis.px(math.log(v + offset)), short_number(v)) for v in values)

    @property
    def change_ticks(self) -> tuple[Tick, ...]:
        low, high = self.axis.low - self.zero, self.axis.high - self.zero
        if self.is_log:
            ratios = round_ratios(math.exp(low), math.exp(high))
            return tuple(Tick(self.change_px(math.log(r)), f"x {short_number(r)}") for r in ratios)
        return tuple(
            Tick(self.change_px(v), f"{'+' if v > 0 else ''}{short_number(v)}")
            for v in round_values(low, high)
        )

    def change_px(self, difference: float) -> float:
        """The height of a difference: zero lies at the mean of the baseline."""
        return self.axis.px(self.zero + difference)

    def level_text(self, value: float) -> str:
        """A level as it was measured."""
        shown = math.exp(value) - self.contrast.offset if self.is_log else value
        return f"{shown:.1f}"

    def change_text(self, difference: float) -> str:
        """A difference in words: a ratio on a scale of logarithms."""
        return f"x {ratio(difference)}" if self.is_log else signed(difference)


def _lines(
    drawn: Sequence[SubjectChange], scale: _Scale, control: Container[str]
) -> tuple[SubjectLine, ...]:
    spread = _beside_each_other([scale.change_px(c.difference or 0.0) for c in drawn])
    return tuple(
        SubjectLine(
            c.subject,
            scale.axis.px(c.baseline_mean or 0.0),
            scale.axis.px(c.treatment_mean or 0.0),
            scale.change_px(c.difference or 0.0),
            CHANGES_PX + aside,
            c.beyond_mdc,
            c.arm in control,
            f"{c.subject}: {scale.level_text(c.baseline_mean or 0.0)} to "
            f"{scale.level_text(c.treatment_mean or 0.0)} {scale.unit}, "
            f"{scale.change_text(c.difference or 0.0)}",
        )
        for c, aside in zip(drawn, spread, strict=True)
    )


def _beside_each_other(heights_px: Sequence[float]) -> list[float]:
    """How far aside each dot lies, so that dots of one height do not hide each other."""
    in_row: dict[int, int] = {}
    aside = []
    for height in heights_px:
        row = round(height / 6)
        place = in_row[row] = in_row.get(row, 0) + 1
        step = place // 2 * 7.0
        aside.append(min(step, 40.0) * (1 if place % 2 else -1))
    return aside


def _estimates(contrast: Contrast, scale: _Scale) -> list[Estimate]:
    """The mean difference and the Hodges-Lehmann shift, as far as they exist."""
    coverage = f"{100 * contrast.hl_coverage:.1f} %" if contrast.hl_coverage else "no interval"
    name = "mean, t 95 %" if contrast.arms is None else "arms, t 95 %"
    candidates = (
        (name, MEAN_PX, contrast.difference, contrast.ci_low, contrast.ci_high),
        (f"Hodges-Lehmann, {coverage}", MEDIAN_PX, contrast.hodges_lehmann, contrast.hl_low,
         contrast.hl_high),
    )  # fmt: skip
    return [
        Estimate(
            name, x_px, scale.change_px(value),
            None if low is None else scale.change_px(low),
            None if high is None else scale.change_px(high),
            scale.change_text(value) + _interval_text(low, high, scale),
        )
        for name, x_px, value, low, high in candidates
        if value is not None
    ]  # fmt: skip


def _interval_text(low: float | None, high: float | None, scale: _Scale) -> str:
    if low is None and high is None:
        return ""
    limits = ("beyond" if limit is None else scale.change_text(limit) for limit in (low, high))
    return f" [{', '.join(limits)}]"


def _bands(drawn: Sequence[SubjectChange], scale: _Scale) -> tuple[tuple[Band, ...], str]:
    """The minimal detectable changes: one, or the widest and the narrowest."""
    sizes = sorted({c.mdc95 for c in drawn if c.mdc95 is not None}, reverse=True)
    if not sizes:
        reasons = [c.note for c in drawn if c.note]
        return (), f"No band of minimal detectable change: {reasons[0] if reasons else 'unknown'}."
    ends = sizes if len(sizes) < 3 else [sizes[0], sizes[-1]]
    bands = [
        Band(scale.change_px(size), scale.change_px(-size) - scale.change_px(size)) for size in ends
    ]
    texts = [_band_text(size, scale) for size in reversed(ends)]
    by = ", by the number of a subject's nights" if len(ends) > 1 else ""
    return tuple(bands), (
        f"Grey band: minimal detectable change of one subject (MDC95), {' to '.join(texts)}{by}."
    )


def _band_text(size: float, scale: _Scale) -> str:
    if scale.is_log:
        return f"x {ratio(-size)} / x {ratio(size)}"
    return f"\u00b1{signed(size).lstrip('+')}"


def _not_drawn(changes: Sequence[SubjectChange], drawn: Sequence[SubjectChange]) -> str:
    without = [c for c in changes if c not in drawn]
    if not without:
        return ""
    reason = next((c.note for c in without if c.note), "no number")
    return f"Not drawn: {listed([c.subject for c in without])} ({reason})."


def _summary(contrast: Contrast, drawn: Sequence[SubjectChange], scale: _Scale) -> str:
    """The picture in words, for those who do not see it."""
    parts = [f"{e.name}: {e.text}" for e in _estimates(contrast, scale)]
    return f"{scale.level_title}, {count_of(len(drawn), 'subject')}. " + "; ".join(parts)
