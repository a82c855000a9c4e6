"""Permutation test of two arms: all assignments of the subjects to the arms, or random ones."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.statistics.sign_flip import MONTE_CARLO_DRAWS

# Two arms of ten have 184 756 assignments.
MOST_ASSIGNMENTS = 200_000
_NUMBERS_UP_TO_N = 20
_ROWS_AT_ONCE = 8192
_TIE = 1e-9
_ROUNDING = 1e-12

Values = npt.NDArray[np.float64]
Packed = npt.NDArray[np.uint8]


def counts_all(n_treatment: int, n_control: int, most: int = MOST_ASSIGNMENTS) -> bool:
    """Whether the test counts all assignments to arms of these sizes."""
    return math.comb(n_treatment + n_control, n_treatment) <= most


def arm_permutation_p(
    baseline: npt.ArrayLike,
    outcome: npt.ArrayLike,
    treated: npt.ArrayLike,
    seed: int,
    draws: int = MONTE_CARLO_DRAWS,
    most: int = MOST_ASSIGNMENTS,
) -> float:
    """Two-sided permutation p of the arm in outcome ~ baseline + arm.

    The subjects keep their baseline and their outcome, and their assignment to the arms is drawn
    again: how often is the t of the arm at least as large? The test is exact if the subjects were
    assigned at random to arms of these sizes. Up to 200 000 assignments all are counted; else
    `draws` are drawn and p = (b + 1)/(draws + 1), where b are at least as extreme as the data.

    Parameters
    ----------
    baseline, outcome, treated
        As for `psgpipe.comparison.statistics.arms.ancova.ancova`; means, or mean ranks.
    seed
        Of the draws; without effect where all assignments are counted.
    most
        Assignments that are counted and not drawn.

    References
    ----------
    Rosenbaum PR (2002), Stat Sci 17:286-327; Phipson B, Smyth GK (2010), Stat Appl Genet Mol Biol
    9:39.
    """
    x, y = np.asarray(baseline, dtype=float), np.asarray(outcome, dtype=float)
    arm = np.asarray(treated, dtype=bool)
    seen = _shares(x, y, _packed(arm[np.newaxis]))[0]
    n, k = arm.size, int(arm.sum())
    shares = _shares(x, y, _assignments(n, k, seed, draws, most))
    beyond = int(np.count_nonzero(shares >= seen * (1 - _TIE) - _ROUNDING))
    return _p(beyond, shares.size, exact=counts_all(k, n - k, most))


def max_t_permutation_p(
    baseline: npt.ArrayLike,
    outcome: npt.ArrayLike,
    treated: npt.ArrayLike,
    seed: int,
    draws: int = MONTE_CARLO_DRAWS,
) -> Values:
    """Permutation p of each endpoint, adjusted for all of them by the largest |t| (single step).

    A subject's endpoints change the arm together, so their correlation is kept.

    Parameters
    ----------
    baseline, outcome
        Shape (n_subjects, n_endpoints); NaN where a subject lacks an endpoint.
    treated, seed, draws
        As for `arm_permutation_p`.

    References
    ----------
    Westfall PH, Young SS (1993), Resampling-based multiple testing. Wiley.
    """
    x, y = np.asarray(baseline, dtype=float), np.asarray(outcome, dtype=float)
    arm = np.asarray(treated, dtype=bool)
    n, k = arm.size, int(arm.sum())
    assignments, observed = (
        _assignments(n, k, seed, draws, MOST_ASSIGNMENTS),
        _packed(arm[np.newaxis]),
    )
    seen, largest = [], np.zeros(assignments.shape[1])
    for x_of, y_of in zip(x.T, y.T, strict=True):
        df = np.isfinite(x_of + y_of).sum() - 3
        seen.append(float(_t_squared(_shares(x_of, y_of, observed), df)[0]) * (1 - 1e-6))
        largest = np.maximum(largest, _t_squared(_shares(x_of, y_of, assignments), df))
    exact = counts_all(k, n - k)
    return np.array([_p(int(np.count_nonzero(largest >= t)), largest.size, exact=exact)
                     for t in seen])  # fmt: skip


def _p(beyond: int, size: int, *, exact: bool) -> float:
    return beyond / size if exact else (beyond + 1) / (size + 1)


def _t_squared(shares: Values, df: float) -> Values:
    # A share of 1 is an infinite t; the cap keeps such ties comparable.
    capped = np.minimum(shares, 1 - 1e-9)
    t_squared: Values = df * capped / (1 - capped)
    return t_squared


def _shares(x: Values, y: Values, assignments: Packed) -> Values:
    """The squared partial correlation of outcome and arm under each assignment.

    It rises with the |t| of the arm. What the baseline does not explain of the outcome is the same
    under each assignment, so three sums over the treatment arm are enough.
    """
    present = np.isfinite(x) & np.isfinite(y)
    n = int(present.sum())
    x_centred = np.where(present, x - x[present].mean(), 0.0)
    residual = np.where(present, y - y[present].mean(), 0.0)
    xx = float(x_centred @ x_centred)
    if xx > n * (_ROUNDING * float(np.abs(x[present]).max())) ** 2:
        residual = residual - float(x_centred @ residual) / xx * x_centred
    else:
        x_centred, xx = np.zeros(x.size), 1.0
    yy = float(residual @ residual)
    if yy <= n * (_ROUNDING * float(np.abs(y[present]).max())) ** 2:
        return np.zeros(assignments.shape[1])
    in_arm = _sums(present.astype(float), assignments)
    of_arm = in_arm * (n - in_arm) / n
    free = of_arm - _sums(x_centred, assignments) ** 2 / xx  # of the baseline
    is_free = free > _TIE * n
    shares: Values = np.zeros(free.size)
    shares[is_free] = _sums(residual, assignments)[is_free] ** 2 / (free[is_free] * yy)
    return shares


def _sums(values: Values, assignments: Packed) -> Values:
    """The sum over the treatment arm under each assignment, eight subjects at once."""
    members = np.zeros((assignments.shape[0], 8))
    members.flat[: values.size] = values
    total = np.zeros(assignments.shape[1])
    for eight, pattern in zip(members, assignments, strict=True):
        of_eight = np.zeros(1)
        for value in eight:
            of_eight = np.concatenate([of_eight, of_eight + value])
        total += of_eight[pattern]
    return total


@functools.lru_cache(maxsize=4)
def _assignments(n: int, n_treatment: int, seed: int, draws: int, most: int) -> Packed:
    """Assignments of `n` subjects: each column has a bit for each subject, eight in a row."""
    if counts_all(n_treatment, n - n_treatment, most):
        return _every_assignment(n, n_treatment)
    random = np.random.default_rng(seed)
    first = np.arange(n) < n_treatment
    blocks = []
    for start in range(0, draws, _ROWS_AT_ONCE):
        rows = min(_ROWS_AT_ONCE, draws - start)
        blocks.append(_packed(random.permuted(np.tile(first, (rows, 1)), axis=1)))
    return np.concatenate(blocks, axis=1)


def _every_assignment(n: int, n_treatment: int) -> Packed:
    if n <= _NUMBERS_UP_TO_N:  # the bits of a number are an assignment
        bits = np.arange(2**n, dtype="<u4").view(np.uint8).reshape(-1, 4)
        ones = np.array([byte.bit_count() for byte in range(256)], dtype=np.uint8)
        chosen = bits[ones[bits].sum(axis=1) == n_treatment]
        return np.ascontiguousarray(chosen[:, : -(-n // 8)].T)
    members = np.array([*itertools.combinations(range(n), n_treatment)], dtype=np.intp)
    treated = np.zeros((len(members), n), dtype=bool)
    np.put_along_axis(treated, members, values=True, axis=1)
    return _packed(treated)


def _packed(treated: npt.NDArray[np.bool_]) -> Packed:
    """One bit for each subject, shape (n_subjects / 8, n_assignments)."""
    return np.ascontiguousarray(np.packbits(treated, axis=1, bitorder="little").T)
