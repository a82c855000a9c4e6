"""Treatment arm against control arm: one endpoint, adjusted for the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.endpoints.analysis import ArmValues, EndpointAnalysis, without_numbers
from psgpipe.comparison.endpoints.endpoint_values import EndpointNights, long_format, subject_means
from psgpipe.comparison.endpoints.ranked import (
    medians_shown,
    ranked_remarks,
    subject_medians,
    why_ranks,
    with_shift,
)
from psgpipe.comparison.endpoints.testability import ALPHA, TESTABLE_ARM_FROM_N
from psgpipe.comparison.statistics.arms.ancova import Ancova, ancova
from psgpipe.comparison.statistics.arms.permutation import arm_permutation_p
from psgpipe.comparison.statistics.arms.shift import arm_shift
from psgpipe.comparison.statistics.censored import latency_change_min, mean_ranks
from psgpipe.comparison.statistics.paired import change_of_each
from psgpipe.messages import count_of
from psgpipe.model.comparison.contrast import Contrast, EndpointRole
from psgpipe.model.comparison.spec import ComparisonSpec

Values = npt.NDArray[np.float64]
# From here on both tests err clearly too often where the smaller arm varies more.
UNLIKE_SIZES = 1.5
UNLIKE_SPREAD = 1.5


def analyse_arms(
    nights: EndpointNights,
    role: EndpointRole,
    spec: ComparisonSpec,
    in_treatment_arm: Mapping[str, bool],
) -> EndpointAnalysis:
    """Analysis of covariance and permutation test of one endpoint.

    Below three subjects in an arm nothing is tested; the means describe these subjects.
    """
    treated = np.array([in_treatment_arm[s] for s in nights.subjects], dtype=bool)
    empty = replace(
        without_numbers(nights, role),
        n_treatment_arm=int(treated.sum()),
        n_control_arm=int((~treated).sum()),
    )
    if not treated.any() or treated.all():
        which = "one arm" if nights.subjects else "either arm"
        if nights.subjects:
            which = f"the {'control' if treated.all() else 'treatment'} arm"
        remark = f"no subject of {which} has this endpoint in both conditions"
        return EndpointAnalysis(nights, replace(empty, remarks=(remark,)), np.empty(0))
    if nights.censored or nights.transform == "rank":
        return analyse_ranks(nights, empty, spec, treated)
    return _with_means(nights, empty, spec, treated)


def _with_means(
    nights: EndpointNights, empty: Contrast, spec: ComparisonSpec, treated: npt.NDArray[np.bool_]
) -> EndpointAnalysis:
    baseline, outcome = subject_means(nights.baseline), subject_means(nights.treatment)
    change = change_of_each(baseline, outcome)
    a = ancova(baseline, outcome, treated)
    contrast = replace(
        empty,
        baseline_mean=float(baseline[treated].mean()),
        treatment_mean=float(outcome[treated].mean()),
        control_baseline_mean=float(baseline[~treated].mean()),
        control_treatment_mean=float(outcome[~treated].mean()),
        difference=a.difference,
        adjusted_treatment_mean=a.treatment_mean,
        adjusted_control_mean=a.control_mean,
        slope=a.slope,
    )
    withheld = _too_small(empty)
    if withheld:
        return EndpointAnalysis(nights, replace(contrast, remarks=(withheld,)), np.empty(0))
    contrast = replace(
        with_shift(contrast, arm_shift(change[treated], change[~treated])),
        difference_se=a.se,
        ci_low=a.low,
        ci_high=a.high,
        t=a.t,
        df=a.df,
        p_t=a.p,
        slopes_p=a.slopes_p,
        p_permutation=arm_permutation_p(baseline, outcome, treated, spec.seed),
        remarks=tuple(_remarks(a, treated)),
    )
    values = ArmValues(baseline, outcome, treated, a.difference)
    return EndpointAnalysis(nights, contrast, change, arms=values)


def _too_small(contrast: Contrast) -> str | None:
    """Why nothing is tested: an arm has too few subjects."""
    treatment, control = contrast.arms or (0, 0)
    if min(treatment, control) >= TESTABLE_ARM_FROM_N:
        return None
    return (
        f"{count_of(treatment, 'subject')} in the treatment arm and {control} in the control arm: "
        f"nothing is tested below {TESTABLE_ARM_FROM_N} in an arm"
    )


def _remarks(a: Ancova, treated: npt.NDArray[np.bool_]) -> list[str]:
    remarks = [remark] if (remark := _unlike_spread(a, treated)) else []
    if a.slope is None:
        remarks.append("the baseline does not vary within the arms: not adjusted for it")
    elif a.slopes_p is None:
        remarks.append("it could not be checked whether both arms have the same slope on baseline")
    elif a.slopes_p <= ALPHA:
        remarks.append(
            f"the arms differ in their slope on baseline (p {a.slopes_p:.3f}): the difference "
            "depends on the baseline, and is given at its mean"
        )
    if a.se is None:
        remarks.append("the subjects do not vary around the lines of their arms: no t, no interval")
    return remarks


def _unlike_spread(a: Ancova, treated: npt.NDArray[np.bool_]) -> str | None:
    """A remark where the smaller arm varies much more: both tests then find too much."""
    if a.treatment_sd is None or a.control_sd is None:
        return None
    sizes = (int(treated.sum()), int((~treated).sum()))
    (small, sd_small), (large, sd_large) = sorted(
        zip(sizes, (a.treatment_sd, a.control_sd), strict=True)
    )
    if large < UNLIKE_SIZES * small or sd_small < UNLIKE_SPREAD * sd_large:
        return None
    return (
        f"the smaller arm varies more (SD {sd_small:.3g} of {small}, {sd_large:.3g} of "
        f"{count_of(large, 'subject')}): t and permutation test may find too many differences"
    )


def analyse_ranks(
    nights: EndpointNights, empty: Contrast, spec: ComparisonSpec, treated: npt.NDArray[np.bool_]
) -> EndpointAnalysis:
    """Rank analysis of covariance; a latency longer than its night has the worst rank.

    References
    ----------
    Quade D (1967), J Am Stat Assoc 62:1187-1200; Lachin JM (1999), Control Clin Trials 20:408-422.
    """
    before, under = subject_medians(nights.baseline), subject_medians(nights.treatment)
    medians = "; ".join(
        f"{name} arm {medians_shown(nights, _of(before, arm), _of(under, arm))}"
        for name, arm in (("treatment", treated), ("control", ~treated))
    )
    remark = f"{why_ranks(nights)}; median of subjects: {medians}"
    withheld = _too_small(empty)
    if withheld:
        return EndpointAnalysis(nights, replace(empty, remarks=(withheld, remark)), np.empty(0))
    of_each = mean_ranks(*long_format(nights))
    ranks = np.array([of_each[name] for name in nights.subjects])
    change = np.array([latency_change_min(b, t) for b, t in zip(before, under, strict=True)])
    shift = arm_shift(change[treated], change[~treated])
    contrast = replace(
        with_shift(empty, shift),
        p_permutation=arm_permutation_p(ranks[:, 0], ranks[:, 1], treated, spec.seed),
        remarks=ranked_remarks(nights, remark, shift),
    )
    effect = ancova(ranks[:, 0], ranks[:, 1], treated).difference
    values = ArmValues(ranks[:, 0], ranks[:, 1], treated, effect)
    return EndpointAnalysis(nights, contrast, ranks[:, 1] - ranks[:, 0], arms=values)


def _of(values: Sequence[float], arm: npt.NDArray[np.bool_]) -> list[float]:
    return [value for value, is_in in zip(values, arm, strict=True) if is_in]
