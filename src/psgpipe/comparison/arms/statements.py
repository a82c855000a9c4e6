"""Statements that belong to every table of a comparison of arms, as sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from psgpipe.comparison.arms.subjects import arm_flow, in_treatment_arm
from psgpipe.comparison.endpoints.endpoint_values import EndpointNights, subject_means
from psgpipe.comparison.endpoints.testability import (
    ALPHA,
    FIRM_FROM_N,
    TESTABLE_ARM_FROM_N,
    is_testable,
    smallest_p,
    why_untested,
)
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.statistics.arms.ancova import ancova
from psgpipe.comparison.statistics.arms.permutation import counts_all
from psgpipe.comparison.statistics.sign_flip import MONTE_CARLO_DRAWS
from psgpipe.messages import count_of
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import ArmFlow
from psgpipe.model.comparison.spec import ComparisonSpec


def arm_statements(
    selection: NightSelection, contrasts: Sequence[Contrast], spec: ComparisonSpec
) -> dict[str, str | None]:
    """The statements that differ from those of a comparison within subjects, by topic."""
    in_arm = in_treatment_arm(selection, spec)
    treatment = sum(in_arm.values())
    control = len(in_arm) - treatment
    return {
        "arms": _arms(arm_flow(selection, spec)),
        "sample size": _sample_size(treatment, control),
        "causality": "Parallel arms: every difference is treatment arm minus control arm under "
        "treatment, at the same baseline. It is causal only if the subjects were assigned to the "
        "arms at random, which no table shows, and if no arm is the reason why subjects are left "
        "out.",
        "slopes": _slopes(contrasts),
        "sign flips": _exactness(treatment, control),
        "intervals": "Differences, 95 % intervals and t: analysis of covariance, nights of each "
        "subject under treatment ~ baseline nights + arm; tests are two-sided. Hodges-Lehmann: "
        "median difference of the subjects' changes over all pairs of the two arms.",
    }


def _arms(flow: Sequence[ArmFlow]) -> str:
    parts = []
    for f in flow:
        if f.role == "other":
            continue
        lost = ", ".join(f"{n} {reason}" for reason, n in f.left_out.items())
        parts.append(
            f"{f.role} arm {f.arm}: {f.analysed} of {count_of(f.listed, 'subject')}"
            + (f" (left out: {lost})" if lost else "")
        )
    return (
        f"Arms: {'; '.join(parts)}. Complete cases: subjects with valid nights in both conditions; "
        "no value is imputed."
    )


def _sample_size(treatment: int, control: int) -> str | None:
    contrast = Contrast("", "primary", "", treatment + control, 0, 0,
                        n_treatment_arm=treatment, n_control_arm=control)  # fmt: skip
    if not is_testable(contrast):
        smallest = (
            ""
            if min(treatment, control) < TESTABLE_ARM_FROM_N
            else f" (its smallest p is {smallest_p(contrast):.3g})"
        )
        return (
            f"With {treatment} and {control} subjects in the arms {why_untested(contrast)}"
            f"{smallest}: the numbers are descriptive."
        )
    if min(treatment, control) < FIRM_FROM_N:
        return f"With {treatment} and {control} subjects in the arms the results are preliminary."
    return None


def _slopes(contrasts: Sequence[Contrast]) -> str | None:
    p_of = {c.endpoint: c.slopes_p for c in contrasts if c.slopes_p is not None}
    if not p_of:
        return None
    unlike = [endpoint for endpoint, p in p_of.items() if p is not None and p <= ALPHA]
    return (
        f"Homogeneity of slopes on baseline was checked for {count_of(len(p_of), 'endpoint')}, "
        f"without adjustment: {', '.join(unlike) if unlike else 'none'} below 0.05."
    )


def _exactness(treatment: int, control: int) -> str:
    n_assignments = math.comb(treatment + control, treatment)
    error = math.sqrt(0.05 * 0.95 / MONTE_CARLO_DRAWS)
    how = (
        f"counts all {n_assignments} assignments of the subjects to the arms; it is exact"
        if counts_all(treatment, control)
        else f"draws {MONTE_CARLO_DRAWS} assignments of the subjects to the arms (standard error "
        f"of a p of 0.05: {error:.4f}); it is valid"
    )
    return (
        f"The permutation test {how}, if each assignment to arms of these sizes was equally "
        "likely. Strata and blocks of a randomisation are not known to it."
    )


def adjusted_shares(
    nights: EndpointNights, in_treatment_arm: Mapping[str, bool]
) -> tuple[float, float] | None:
    """The mean of the control arm and of the treatment arm, at the same baseline."""
    treated = np.array([in_treatment_arm[s] for s in nights.subjects], dtype=bool)
    if not treated.any() or treated.all():
        return None
    a = ancova(subject_means(nights.baseline), subject_means(nights.treatment), treated)
    return a.control_mean, a.treatment_mean
