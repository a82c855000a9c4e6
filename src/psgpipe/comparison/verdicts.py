"""What a row of a comparison says in words: its verdict and its note."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from psgpipe.comparison.contrasts import Analysed
from psgpipe.comparison.endpoint_values import unit_of
from psgpipe.comparison.statistics.crossover import CrossoverEffect
from psgpipe.comparison.statistics.multiplicity import benjamini_hochberg, holm
from psgpipe.comparison.statistics.regression_to_mean import expected_drift
from psgpipe.messages import count_of
from psgpipe.model.comparison import ComparisonSpec, Contrast, Declaration
from psgpipe.model.summary import LIGHTS_DEPENDENT

ALPHA = 0.05
TESTABLE_FROM_N = 6
FIRM_FROM_N = 12
NO_TEST = "no test at 0.05 is possible"
LOCKED = "spec locked"
_ADJUST = {"holm": holm, "benjamini-hochberg": benjamini_hochberg}


def worded(
    analysed: Sequence[Analysed],
    spec: ComparisonSpec,
    declaration: Declaration,
    design: str,
    freed: Mapping[str, CrossoverEffect],
) -> tuple[Contrast, ...]:
    """Every row with its verdict and note.

    Parameters
    ----------
    freed
        By endpoint, the effect freed from the period effect, in a crossover.
    """
    out_of_reach = _out_of_reach([a.contrast for a in analysed if a.differences.size])
    return tuple(
        replace(
            a.contrast,
            verdict=verdict(a, spec, design, freed.get(a.nights.endpoint)),
            note="; ".join((
                *_remarks(a, spec, design, out_of_reach.get(a.nights.endpoint),
                          freed.get(a.nights.endpoint)),
                *stamps(declaration),
            )),
        )
        for a in analysed
    )  # fmt: skip


def verdict(a: Analysed, spec: ComparisonSpec, design: str, freed: CrossoverEffect | None) -> str:
    """The words for a row: what may be claimed from so many subjects.

    Parameters
    ----------
    freed
        The effect freed from the period effect, where a crossover has one.
    """
    n = a.contrast.n_subjects
    if n == 0:
        return "not analysed"
    if n < TESTABLE_FROM_N:
        return f"descriptive: {NO_TEST}"
    hedges = [
        *(["preliminary"] if n < FIRM_FROM_N else []),
        *(["exploratory"] if a.contrast.role == "exploratory" else []),
    ]
    said = _finding(a, spec, design, freed)
    return f"{', '.join(hedges)}: {said}" if hedges else said


def _finding(a: Analysed, spec: ComparisonSpec, design: str, freed: CrossoverEffect | None) -> str:
    contrast, transform = a.contrast, a.nights.transform
    margin = spec.equivalence.get(contrast.endpoint)
    if margin is not None and _inside(_intervals(contrast, design, freed), transform, margin):
        within = f"ratio {1 / margin:.3g} to {margin:g}" if transform == "log" else (
            f"-{margin:g} to {margin:g} {contrast.unit}".rstrip())  # fmt: skip
        return f"no change (interval within {within})"
    if not _claims(contrast, design, freed):
        return "no evidence of change"
    return f"{_direction(a)} under treatment"


def _intervals(
    contrast: Contrast, design: str, freed: CrossoverEffect | None
) -> list[tuple[float | None, float | None]]:
    """The 95 % interval and, in a crossover, the one freed from the period effect, too."""
    plain = (contrast.ci_low, contrast.ci_high)
    if design != "crossover":
        return [plain]
    return [plain, (freed.low, freed.high) if freed else (None, None)]


def _inside(
    intervals: Sequence[tuple[float | None, float | None]], transform: str, margin: float
) -> bool:
    """Whether all the intervals exist and lie inside the declared margin."""
    limit = math.log(margin) if transform == "log" else margin
    return all(
        low is not None and high is not None and -limit < low and high < limit
        for low, high in intervals
    )


def _direction(a: Analysed) -> str:
    """The direction of what was tested: of the mean difference, or of the ranks if censored."""
    up = a.differences.mean() > 0
    if a.nights.censored:
        return "later" if up else "earlier"
    return "higher" if up else "lower"


def _claims(contrast: Contrast, design: str, freed: CrossoverEffect | None) -> bool:
    """Whether the adjusted sign-flip p allows a claim, and in a crossover Hills-Armitage, too.

    Where one sequence has more subjects, or is the only one that has the endpoint, a period
    effect is in the mean difference.
    """
    found = contrast.p_adjusted is not None and contrast.p_adjusted <= ALPHA
    confirmed = design != "crossover" or (freed is not None and freed.p <= ALPHA)
    return contrast.n_subjects >= TESTABLE_FROM_N and found and confirmed


def _remarks(
    a: Analysed,
    spec: ComparisonSpec,
    design: str,
    out_of_reach: str | None,
    freed: CrossoverEffect | None,
) -> list[str]:
    """What must be said about a row, most important first."""
    c = a.contrast
    before_after = design == "before-after"
    said = [
        _ratio(a),
        out_of_reach,
        _not_freed(c, freed) if design == "crossover" else None,
        _disagreement(c, freed),
        "before-after, not causal" if before_after and _claims(c, design, None) else None,
        _drift(a, spec) if before_after else None,
        _lacking(a),
        _lights(a),
        *a.remarks,
        "N1 is the weakest stage, of stagers and of experts (human kappa 0.24)"
        if c.endpoint in ("n1_pct", "n1_min")
        else None,
    ]
    return [sentence for sentence in said if sentence]


def _ratio(a: Analysed) -> str | None:
    """A change on the ln scale as what people read: a ratio."""
    c = a.contrast
    if a.nights.transform != "log" or (c.difference is None and c.hodges_lehmann is None):
        return None
    of = f", of the value + {a.nights.offset:g} {unit_of(c.endpoint)}" if a.nights.offset else ""
    if c.difference is None:
        return f"ratio of medians {ratio(c.hodges_lehmann or 0.0)}{of}"
    if c.ci_low is None or c.ci_high is None:
        return f"ratio of geometric means {ratio(c.difference)}{of}"
    return f"ratio {ratio(c.difference)} (95 % {ratio(c.ci_low)} to {ratio(c.ci_high)}){of}"


def ratio(logarithm: float) -> str:
    """The ratio that a difference of logarithms is, in digits that tell it from 0."""
    if abs(logarithm) > 230:  # beyond 1e100; e^710 cannot be held
        return f"1e{logarithm / math.log(10):+.0f}"
    value = math.exp(logarithm)
    return f"{value:.2f}" if 0.095 <= value < 1000 else f"{value:.2g}"


def _out_of_reach(contrasts: Sequence[Contrast]) -> dict[str, str]:
    """Endpoints that no outcome of their family could have brought to 0.05, with that remark.

    Of n subjects the smallest sign-flip p is 2^(1 - n). Adjusted p rise with every p of the family,
    so they are smallest where all of these are.
    """
    said: dict[str, str] = {}
    for role in ("primary", "secondary", "exploratory"):
        family = [c for c in contrasts if c.role == role]
        smallest = np.array([2.0 ** (1 - c.n_subjects) for c in family])
        if any(c.adjustment in _ADJUST for c in family):
            smallest = _ADJUST[family[0].adjustment](smallest)
        said |= {
            c.endpoint: f"with {c.n_subjects} subjects no sign-flip p among {len(family)} can "
            "reach 0.05"
            for c, p in zip(family, smallest, strict=True)
            if p > ALPHA and c.n_subjects >= TESTABLE_FROM_N
        }
    return said


def _not_freed(c: Contrast, freed: CrossoverEffect | None) -> str | None:
    if freed is not None or c.n_subjects < TESTABLE_FROM_N:
        return None
    return (
        "cannot be freed from the period effect, so nothing is claimed: Hills-Armitage needs both "
        "orders of periods and changes that vary"
    )


def _disagreement(c: Contrast, freed: CrossoverEffect | None) -> str | None:
    if c.n_subjects < TESTABLE_FROM_N or c.p_sign_flip is None:
        return None
    if freed is not None and (freed.p <= ALPHA) != (c.p_sign_flip <= ALPHA):
        return (
            f"sign-flip test (p {c.p_sign_flip:.3f}) and Hills-Armitage, freed from the period "
            f"effect (p {freed.p:.3f}), disagree"
        )
    if c.p_t is None:
        return None
    if (c.p_t <= ALPHA) != (c.p_sign_flip <= ALPHA):
        return f"t test (p {c.p_t:.3f}) and sign-flip test (p {c.p_sign_flip:.3f}) disagree"
    if c.kr_p is not None and (c.kr_p <= ALPHA) != (c.p_sign_flip <= ALPHA):
        return f"mixed model (p {c.kr_p:.3f}) and sign-flip test (p {c.p_sign_flip:.3f}) disagree"
    return None


def _drift(a: Analysed, spec: ComparisonSpec) -> str | None:
    population = spec.population.get(a.nights.endpoint)
    mean = a.nights.raw_baseline_mean
    if population is None or mean is None or a.nights.censored:
        return None
    drift = expected_drift(mean, population.mean, population.icc)
    unit = unit_of(a.nights.endpoint)
    return f"expected without treatment, by regression to the mean: {drift:+.3g} {unit}".rstrip()


def _lacking(a: Analysed) -> str | None:
    absent, unused = count_of(a.nights.lacking, "night"), count_of(a.nights.unmatched, "night")
    if not a.nights.lacking:
        return None
    if not a.nights.unmatched:
        return f"absent in {absent}"
    return f"absent in {absent}; {unused} with it left out: none in the other condition"


def _lights(a: Analysed) -> str | None:
    if a.nights.endpoint not in LIGHTS_DEPENDENT or not a.nights.lights_unknown:
        return None
    return f"depends on lights, not known in {count_of(a.nights.lights_unknown, 'night')}"


def stamps(declaration: Declaration) -> list[str]:
    """What every row of every table carries."""
    if declaration.exploratory:
        return ["EXPLORATORY: the spec was edited after it was locked"]
    if declaration.locked_at:
        return [f"{LOCKED} {declaration.locked_at} sha256 {declaration.sha256}"]
    return []
