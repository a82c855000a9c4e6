"""An estimation plot: each subject from baseline to treatment, and beside it the mean difference.

Both parts have one scale: the zero of the differences lies at the mean of the baseline or, with
arms, at the adjusted mean of the control arm.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from psgpipe.comparison.pages.axis import Tick
from psgpipe.comparison.pages.endpoint_scale import EndpointScale, mean_of_contrast
from psgpipe.comparison.words.shown_numbers import ratio, signed
from psgpipe.messages import count_of, listed
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import SubjectChange

WIDTH, HEIGHT = 660, 330
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
    scale = EndpointScale(contrast, drawn)
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
        scale.axis.px(mean_of_contrast(drawn, "baseline_mean", contrast.baseline_mean)),
        scale.axis.px(mean_of_contrast(drawn, "treatment_mean", contrast.treatment_mean)),
        _control_px(contrast, scale),
        tuple(_estimates(contrast, scale)),
        bands,
        bands_text,
        _not_drawn(changes, drawn),
        _summary(contrast, drawn, scale),
    )


def _control_px(contrast: Contrast, scale: EndpointScale) -> tuple[float, float] | None:
    means = (contrast.control_baseline_mean, contrast.control_treatment_mean)
    if means[0] is None or means[1] is None:
        return None
    return scale.axis.px(means[0]), scale.axis.px(means[1])


def _lines(
    drawn: Sequence[SubjectChange], scale: EndpointScale, control: Container[str]
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


def _estimates(contrast: Contrast, scale: EndpointScale) -> list[Estimate]:
    """The mean difference and the Hodges-Lehmann shift, as far as they exist."""
    coverage = f"{100 * contrast.hl_coverage:.1f} %" if contrast.hl_coverage else "no interval"
    level = "no interval" if contrast.ci_low is None else "t 95 %"
    name = f"{'mean' if contrast.arms is None else 'arms'}, {level}"
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


def _interval_text(low: float | None, high: float | None, scale: EndpointScale) -> str:
    if low is None and high is None:
        return ""
    limits = ("beyond" if limit is None else scale.change_text(limit) for limit in (low, high))
    return f" [{', '.join(limits)}]"


def _bands(drawn: Sequence[SubjectChange], scale: EndpointScale) -> tuple[tuple[Band, ...], str]:
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


def _band_text(size: float, scale: EndpointScale) -> str:
    if scale.is_log:
        return f"x {ratio(-size)} / x {ratio(size)}"
    return f"\u00b1{signed(size).lstrip('+')}"


def _not_drawn(changes: Sequence[SubjectChange], drawn: Sequence[SubjectChange]) -> str:
    without = [c for c in changes if c not in drawn]
    if not without:
        return ""
    reason = next((c.note for c in without if c.note), "no number")
    return f"Not drawn: {listed([c.subject for c in without])} ({reason})."


def _summary(contrast: Contrast, drawn: Sequence[SubjectChange], scale: EndpointScale) -> str:
    """The picture in words, for those who do not see it."""
    parts = [f"{e.name}: {e.text}" for e in _estimates(contrast, scale)]
    return f"{scale.level_title}, {count_of(len(drawn), 'subject')}. " + "; ".join(parts)
