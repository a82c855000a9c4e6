"""The scale of levels and differences of one endpoint, in the pixels of a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

from psgpipe.comparison.endpoints.units import unit_of, whole_of
from psgpipe.comparison.pages.axis import Axis, Tick, round_ratios, round_values, short_number
from psgpipe.comparison.words.shown_numbers import ratio, signed
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import SubjectChange

TOP_PX, BOTTOM_PX = 44.0, 286.0
_UNITS_OF_ANY_SIGN = ("ln", "ln per h", "ilr")


def mean_of_contrast(drawn: Sequence[SubjectChange], field: str, mean: float | None) -> float:
    """The mean of the contrast; where it has none, that of the subjects that are drawn."""
    if mean is not None:
        return mean
    values: list[float] = [getattr(change, field) for change in drawn]
    return math.fsum(values) / len(values)


class EndpointScale:
    """The scale of levels and differences of one endpoint."""

    def __init__(self, contrast: Contrast, drawn: Sequence[SubjectChange]) -> None:
        self.contrast = contrast
        self.is_log = contrast.transform == "log"
        self.unit = unit_of(contrast.endpoint)
        self.zero = (
            mean_of_contrast(drawn, "baseline_mean", contrast.baseline_mean)
            if contrast.arms is None
            else mean_of_contrast(drawn, "treatment_mean", contrast.adjusted_control_mean)
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
        """The endpoint with its unit."""
        endpoint = self.contrast.endpoint
        whole = whole_of(endpoint)
        of = f" of {whole}" if whole else ""
        return f"{endpoint} ({self.unit}{of})" if self.unit else endpoint

    @property
    def change_title(self) -> str:
        """What a change is, with its unit."""
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
            values = [v for v in round_values(low, high) if self._is_possible(v)]
            return tuple(Tick(self.axis.px(v), short_number(v)) for v in values)
        values = round_ratios(max(math.exp(low) - offset, 1e-12), math.exp(high) - offset)
        return tuple(Tick(self.axis.px(math.log(v + offset)), short_number(v)) for v in values)

    def _is_possible(self, level: float) -> bool:
        """Whether a night can have this level: an interval reaches further than numbers can."""
        if self.unit in ("", *_UNITS_OF_ANY_SIGN):
            return True
        is_below = level < 0 <= self.low
        return not is_below and not (self.unit == "%" and self.high <= 100 < level)

    @property
    def change_ticks(self) -> tuple[Tick, ...]:
        """Marks at round differences, or at round ratios."""
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
