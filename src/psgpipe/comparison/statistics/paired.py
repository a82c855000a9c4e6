"""Paired comparison, treatment minus baseline: one number for each subject, not for each night."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

EXACT_UP_TO_N = 20
MONTE_CARLO_DRAWS = 99_999
# Sums of the same differences in another order may differ in their last bits; they are ties.
_TIE = 1e-9
# Means of the same nights in another order or number may differ in their last bits, too.
_ROUNDING = 1e-12

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TInterval:
    """Mean and SD of the differences, their two-sided t test, and the limits of the t interval.

    The SD is None for one subject; test and limits are None where the differences do not vary.
    """

    mean: float
    sd: float | None
    t: float | None = None
    df: float | None = None
    p: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class HodgesLehmann:
    """Median of the Walsh averages with its distribution-free interval; none for one subject.

    Attributes
    ----------
    coverage
        Exact coverage of the interval: the smallest attainable value that is not below the level,
        or the largest attainable one where too few subjects allow none.
    """

    estimate: float
    low: float | None
    high: float | None
    coverage: float | None


def changes(baseline: npt.ArrayLike, treatment: npt.ArrayLike) -> Values:
    """Treatment minus baseline for each subject, without rounding errors.

    A change within the rounding error of the two means is set to 0, and changes that differ only by
    rounding are set equal; otherwise equal nights would have a t and a p.

    Parameters
    ----------
    baseline, treatment
        Means of each subject's nights, shape (n_subjects,), n_subjects >= 1.
    """
    b, t = np.asarray(baseline, dtype=float), np.asarray(treatment, dtype=float)
    rounding = _ROUNDING * np.maximum(np.abs(b), np.abs(t))
    d: Values = np.where(np.abs(t - b) <= rounding, 0.0, t - b)
    return np.full_like(d, np.median(d)) if np.ptp(d) <= rounding.max() else d


def t_interval(differences: npt.ArrayLike, level: float = 0.95) -> TInterval:
    """Mean of one or more differences, its two-sided t test against 0 and its t interval."""
    d = np.asarray(differences, dtype=float)
    n, mean = d.size, float(d.mean())
    if n < 2:
        return TInterval(mean, None)
    sd = standard_deviation(d)
    if sd == 0:
        return TInterval(mean, 0.0)
    se = sd / np.sqrt(n)
    t, df = mean / se, float(n - 1)
    half = float(t_quantile(level, df) * se)
    return TInterval(mean, sd, float(t), df, t_p_value(t, df), mean - half, mean + half)


def t_p_value(t: float, df: float) -> float:
    """Two-sided p of Student's t."""
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(t)))


def t_quantile(level: float, df: float) -> float:
    """The quantile of Student's t with (1 - `level`)/2 above it."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + level / 2))


def standard_deviation(values: Values) -> float:
    """Sample SD (n - 1); exactly 0 where the values differ by no more than rounding."""
    sd = float(values.std(ddof=1))
    return sd if sd > _ROUNDING * float(np.abs(values).max()) else 0.0


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
    groups = -(-d.size // 8)
    patterns = np.frombuffer(np.random.default_rng(seed).bytes(groups * draws), dtype=np.uint8)
    sums = np.zeros(draws)
    for group, pattern in enumerate(patterns.reshape(groups, draws)):
        eight = np.zeros(8)
        members = d[8 * group : 8 * group + 8]
        eight[: members.size] = members
        sums += _all_sums(eight)[pattern]
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


def hodges_lehmann(differences: npt.ArrayLike, level: float = 0.95) -> HodgesLehmann:
    """Median of the Walsh averages, and the interval between two of them.

    Parameters
    ----------
    differences
        Shape (n_subjects,); infinite values are allowed and count as worst ranks.

    References
    ----------
    Hollander M, Wolfe DA, Chicken E (2014), Nonparametric statistical methods, 3.2-3.3. Wiley.
    """
    d = np.asarray(differences, dtype=float)
    walsh = walsh_averages(d)
    estimate = _median(walsh)
    if d.size < 2:
        return HodgesLehmann(estimate, None, None, None)
    rank, coverage = _walsh_rank(d.size, level)
    return HodgesLehmann(estimate, float(walsh[rank - 1]), float(walsh[-rank]), coverage)


def walsh_averages(d: Values) -> Values:
    """All averages (d_i + d_j)/2, i <= j, in ascending order."""
    i, j = np.triu_indices(d.size)
    with np.errstate(invalid="ignore"):  # +inf and -inf average to 0
        return np.sort(np.nan_to_num((d[i] + d[j]) / 2, nan=0.0, posinf=np.inf, neginf=-np.inf))


def _median(ordered: Values) -> float:
    low, high = ordered[(ordered.size - 1) // 2], ordered[ordered.size // 2]
    return float(low) if low == high else float((low + high) / 2)


@functools.lru_cache(maxsize=64)
def _walsh_rank(n: int, level: float) -> tuple[int, float]:
    """Rank of the Walsh average that bounds the interval, and the coverage attained.

    The interval from the c-th smallest to the c-th largest covers 1 - 2 P(T+ < c), with T+ the
    signed-rank statistic.
    """
    below = np.cumsum(signed_rank_probabilities(n))
    allowed = np.flatnonzero(below <= (1 - level) / 2 + 1e-12)
    rank = int(allowed[-1]) + 1 if allowed.size else 1
    return rank, float(1 - 2 * below[rank - 1])


def signed_rank_probabilities(n: int) -> Values:
    """P(T+ = k) for k = 0 ... n(n+1)/2: Wilcoxon's signed-rank statistic without ties."""
    p = np.zeros(n * (n + 1) // 2 + 1)
    p[0] = 1.0
    for rank in range(1, n + 1):
        p[rank:] = (p[rank:] + p[:-rank]) / 2
        p[:rank] /= 2
    return p


def cohen_dz(differences: npt.ArrayLike) -> float | None:
    """Mean difference over the SD of the differences; None where they do not vary."""
    d = np.asarray(differences, dtype=float)
    if d.size < 2 or (sd := standard_deviation(d)) == 0:
        return None
    return float(d.mean() / sd)


G_AV_FORMULA = "mean difference / sqrt((s_b^2 + s_t^2)/2) x (1 - 3/(4(n - 1) - 1))"


def hedges_g_av(baseline: npt.ArrayLike, treatment: npt.ArrayLike) -> float | None:
    """Mean difference over the average SD of the two conditions, corrected for small n.

    None below three subjects, where the correction factor is 0, and where neither condition varies.

    Parameters
    ----------
    baseline, treatment
        Shape (n_subjects,), the same subjects in the same order.

    References
    ----------
    Lakens D (2013), Front Psychol 4:863; Cumming G (2012), Understanding the new statistics.
    """
    b, t = np.asarray(baseline, dtype=float), np.asarray(treatment, dtype=float)
    n = b.size
    if n < 3:
        return None
    spread = np.hypot(standard_deviation(b), standard_deviation(t)) / np.sqrt(2)
    if spread == 0:
        return None
    return float((t - b).mean() / spread * (1 - 3 / (4 * (n - 1) - 1)))
