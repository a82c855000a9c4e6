"""Sign-flip (permutation) tests of paired differences: exact, or by random draws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

EXACT_UP_TO_N = 20
MONTE_CARLO_DRAWS = 99_999
# Sums of the same differences in another order may differ in their last bits; they are ties.
_TIE = 1e-9

Values = npt.NDArray[np.float64]


def sign_flip_p(differences: npt.ArrayLike, seed: int, draws: int = MONTE_CARLO_DRAWS) -> float:
    """Two-sided sign-flip (permutation) p of the mean difference.

    For n <= 20 all 2^n sign patterns are counted. For larger n `draws` patterns are drawn and
    p = (b + 1)/(draws + 1), where b patterns are at least as extreme as the data.

    Parameters
    ----------
    differences
        Shape (n_subjects,).
    seed
        Of the draws; without effect for n <= 20.

    References
    ----------
    Phipson B, Smyth GK (2010), Stat Appl Genet Mol Biol 9:39.
    """
    d = np.asarray(differences, dtype=float)
    limit = _at_least(d)
    if limit <= 0:
        return 1.0
    if d.size <= EXACT_UP_TO_N:
        return float(_patterns_at_least(d, limit) / 2 ** (d.size - 1))
    beyond = np.count_nonzero(np.abs(_drawn_sums(d, seed, draws)) >= limit)
    return float((beyond + 1) / (draws + 1))


def _at_least(d: Values) -> float:
    """The limit from which a sum of flipped differences is as extreme as the observed sum."""
    return float(abs(d.sum()) - _TIE * np.abs(d).sum())


def _patterns_at_least(d: Values, limit: float) -> int:
    """How many of the 2^n sign patterns sum to `limit` or more.

    Meet in the middle: the sums of each half of the subjects are 2^(n/2) numbers, not 2^n.
    """
    left, right = _all_sums(d[: d.size // 2]), np.sort(_all_sums(d[d.size // 2 :]))
    return int((right.size - np.searchsorted(right, limit - left, side="left")).sum())


def _all_sums(d: Values) -> Values:
    """The sums under all 2^n sign patterns, always in the same order of patterns."""
    sums = np.zeros(1)
    for value in d:
        sums = np.concatenate([sums - value, sums + value])
    return sums


def _drawn_sums(d: Values, seed: int, draws: int) -> Values:
    """The sums under `draws` random sign patterns, the same for the same seed and size.

    Each random byte is the sign pattern of eight subjects, whose sum is looked up.
    """
    random = np.random.default_rng(seed)
    sums, of_eight = np.zeros(draws), np.empty(draws)
    # Groups of eight by blocks: a thousand subjects would need 12 MB of bytes at once. The
    # generator gives words of four bytes, and four groups are whole words.
    for block in np.split(d, range(32, d.size, 32)):
        groups = -(-block.size // 8)
        patterns = np.frombuffer(random.bytes(groups * draws), dtype=np.uint8)
        members = np.zeros((groups, 8))
        members.flat[: block.size] = block
        for eight, pattern in zip(members, patterns.reshape(groups, draws), strict=True):
            np.take(_all_sums(eight), pattern, out=of_eight, mode="clip")
            sums += of_eight
    return sums


def max_t_sign_flip_p(
    differences: npt.ArrayLike, seed: int, draws: int = MONTE_CARLO_DRAWS
) -> Values:
    """Sign-flip p of each endpoint, adjusted for all of them by the largest |t| (single step).

    A subject's endpoints are flipped together, so their correlation is kept; the family-wise
    error is controlled in the strong sense.

    Parameters
    ----------
    differences
        Shape (n_subjects, n_endpoints); NaN where a subject lacks an endpoint.
    seed, draws
        As for `sign_flip_p`.

    References
    ----------
    Westfall PH, Young SS (1993), Resampling-based multiple testing. Wiley.
    """
    d = np.asarray(differences, dtype=float)
    n_each = np.isfinite(d).sum(axis=0)
    d = np.nan_to_num(d)
    squares = np.maximum((d**2).sum(axis=0), np.finfo(float).tiny)
    seen = _t_squared(d.sum(axis=0), squares, n_each) * (1 - 1e-6)
    exact = d.shape[0] <= EXACT_UP_TO_N
    largest: Values = np.zeros(1)
    for column, square, n in zip(d.T, squares, n_each, strict=True):
        # Half of the patterns are enough: the others give the same t^2.
        sums = column[-1] + _all_sums(column[:-1]) if exact else _drawn_sums(column, seed, draws)
        largest = np.maximum(largest, _t_squared(sums, square, n))
    beyond = np.array([np.count_nonzero(largest >= t) for t in seen])
    p: Values = beyond / largest.size if exact else (beyond + 1) / (draws + 1)
    return p


def _t_squared(sums: Values, squares: npt.ArrayLike, n: npt.ArrayLike) -> Values:
    """t^2 from sums of flipped differences; their sum of squares is the same for every pattern."""
    # A share of 1 (all differences equal) is an infinite t; the cap keeps such ties comparable.
    share = np.minimum(sums**2 / (np.maximum(n, 1) * np.asarray(squares)), 1 - 1e-9)
    t_squared: Values = (np.asarray(n) - 1) * share / (1 - share)
    return np.maximum(t_squared, 0.0)
