"""From how many subjects an endpoint is tested, and from how many a result is firm."""

from __future__ import annotations

import math

from psgpipe.model.comparison.contrast import Contrast

ALPHA = 0.05
TESTABLE_FROM_N = 6
FIRM_FROM_N = 12
TESTABLE_ARM_FROM_N = 3


def smallest_p(contrast: Contrast) -> float:
    """The smallest p of the test on which the verdict rests, with so many subjects.

    Of two equal arms, every assignment and its mirror image are equally extreme.
    """
    if contrast.arms is None:
        return 2.0 ** (1 - contrast.n_subjects)
    treatment, control = contrast.arms
    alike = 2 if treatment == control else 1
    return min(1.0, alike / math.comb(treatment + control, treatment))


def is_testable(contrast: Contrast) -> bool:
    """Whether the test can reach 0.05; each arm needs three subjects."""
    if contrast.arms is None:
        return contrast.n_subjects >= TESTABLE_FROM_N
    return min(contrast.arms) >= TESTABLE_ARM_FROM_N and smallest_p(contrast) <= ALPHA


def why_untested(contrast: Contrast) -> str:
    """Why a contrast that is not testable has no verdict."""
    if contrast.arms is not None and min(contrast.arms) < TESTABLE_ARM_FROM_N:
        return f"nothing is tested with fewer than {TESTABLE_ARM_FROM_N} subjects in an arm"
    return f"no exact {contrast.test} test at 0.05 is possible"


def is_firm(contrast: Contrast) -> bool:
    """Whether there are twelve subjects, of arms in each arm; else a result is preliminary."""
    return min(contrast.arms or (contrast.n_subjects,)) >= FIRM_FROM_N


def is_compared(contrast: Contrast) -> bool:
    """Whether there is anything to compare: subjects with the endpoint, in both arms."""
    return contrast.n_subjects > 0 and 0 not in (contrast.arms or ())
