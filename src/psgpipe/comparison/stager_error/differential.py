"""Each difference against what another error of the stager in each condition could produce."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.stager_error.agreement_file import (
    EndpointErrors,
    ErrorOfCondition,
    StudyErrors,
)
from psgpipe.comparison.stager_error.corrected import (
    VALUES,
    CorrectedDifference,
    corrected_differences,
)
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import StagerErrorRow
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.model.ids import one_spelling

EXCEEDS = "exceeds it"
EXCEEDS_IN_PART = "exceeds it, but its interval does not"
WITHIN = "does not exceed it"


def stager_error_rows(
    contrasts: Sequence[Contrast],
    errors: StudyErrors,
    selection: NightSelection,
    spec: ComparisonSpec,
) -> tuple[StagerErrorRow, ...]:
    """A row for each endpoint: the error by condition, the judgement, the corrected difference."""
    words = (spec.baseline, spec.treatment)
    corrected, why_not = _corrected(errors, selection, words)
    return tuple(
        _row(contrast, errors, selection, words, corrected.get(contrast.endpoint), why_not)
        for contrast in contrasts
    )


def _row(
    contrast: Contrast,
    errors: StudyErrors,
    selection: NightSelection,
    words: tuple[Sequence[str], Sequence[str]],
    corrected: CorrectedDifference | None,
    why_not: str | None,
) -> StagerErrorRow:
    of = errors.endpoints.get(contrast.endpoint)
    found = _error(contrast, of, selection, words)
    fields: dict[str, object] = {"reason": found} if isinstance(found, str) else found
    if corrected is None:
        of_stages = contrast.endpoint in VALUES
        fields["correction_reason"] = (
            why_not if of_stages else "does not follow from the minutes of the stages"
        )
    else:
        fields |= {
            "corrected_n": corrected.n_subjects,
            "corrected_difference": corrected.difference,
            "corrected_low": corrected.low,
            "corrected_high": corrected.high,
        }
    return StagerErrorRow(contrast.endpoint, contrast.unit, contrast.difference,
                          contrast.ci_low, contrast.ci_high, **fields)  # type: ignore[arg-type]  # fmt: skip


def _error(
    contrast: Contrast,
    errors: EndpointErrors | None,
    selection: NightSelection,
    words: tuple[Sequence[str], Sequence[str]],
) -> dict[str, object] | str:
    """The differential error with its judgement, or why there is none."""
    if selection.arms:
        return "two arms are compared, and the agreement is by condition"
    if contrast.difference is None:
        return "has no mean difference"
    if contrast.transform != "none":
        return f"was analysed in {contrast.unit}, and the agreement is in the endpoint's own unit"
    if errors is None or not errors.by_condition:
        return "the agreement does not have this endpoint"
    sides = []
    for name, of in zip(("baseline", "treatment"), words, strict=True):
        side = _side(errors.by_condition, of)
        if isinstance(side, str):
            return f"the agreement has {side} of {name} ({' or '.join(of)})"
        sides.append(side)
    (b, half_b), (t, half_t) = sides
    error, half = t - b, math.hypot(half_b, half_t)
    low, high = error - half, error + half
    return {
        "bias_baseline": b,
        "bias_treatment": t,
        "error": error,
        "error_low": low,
        "error_high": high,
        "judgement": _judgement(contrast, low, high),
    }


def _side(
    by_condition: Mapping[str, ErrorOfCondition], words: Sequence[str]
) -> tuple[float, float] | str:
    """Bias in the conditions with these words, and half of its interval."""
    wanted = {one_spelling(word) for word in words}
    found = [one for name, one in by_condition.items() if one_spelling(name) in wanted]
    if not found:
        return "no night"
    total = sum(one.n_nights for one in found)
    bias = sum(one.bias * one.n_nights for one in found) / total
    halves = []
    for one in found:
        if one.bias_interval is None or len(one.bias_interval) != 2:
            return "too few subjects"
        low, high = one.bias_interval
        halves.append((high - low) / 2 * one.n_nights / total)
    return bias, math.hypot(*halves)


def _judgement(contrast: Contrast, error_low: float, error_high: float) -> str:
    """Whether the difference lies beyond every error between none and the largest one."""
    low, high = min(0.0, error_low), max(0.0, error_high)
    if contrast.difference is None or low <= contrast.difference <= high:
        return WITHIN
    ends = (contrast.ci_low, contrast.ci_high)
    if ends[0] is None or ends[1] is None or (ends[0] <= high and ends[1] >= low):
        return EXCEEDS_IN_PART
    return EXCEEDS


def _corrected(
    errors: StudyErrors,
    selection: NightSelection,
    words: tuple[Sequence[str], Sequence[str]],
) -> tuple[dict[str, CorrectedDifference], str | None]:
    """Corrected differences by endpoint, and why there are none."""
    if selection.arms:
        return {}, "two arms are compared, and the agreement is by condition"
    matrices = []
    for of in words:
        wanted = {one_spelling(word) for word in of}
        found = [np.array(one.confusion) for name, one in errors.by_condition.items()
                 if one_spelling(name) in wanted]  # fmt: skip
        if not found:
            return {}, f"the agreement has no night of {' or '.join(of)}"
        matrices.append(sum(found[1:], start=found[0]))
    corrected = corrected_differences(selection, *matrices)
    reason = "a stage has too few epochs in the agreement, or stages are confused too much"
    return corrected, None if corrected else reason
