"""Hodges and Lehmann's shift: the median of the Walsh averages, without a distribution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.statistics.signed_rank import walsh_rank

# More subjects have so many Walsh averages that only those that are needed are searched for.
ALL_AVERAGES_UP_TO_N = 400
_MOST_CANDIDATES = 100_000

Values = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


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
    count = d.size * (d.size + 1) // 2
    middle = ((count + 1) // 2, count // 2 + 1)
    if d.size < 2:
        return HodgesLehmann(_mean(*_averages_at(d, middle)), None, None, None)
    rank, coverage = walsh_rank(d.size, level)
    below, above, low, high = _averages_at(d, (*middle, rank, count + 1 - rank))
    return HodgesLehmann(_mean(below, above), low, high, coverage)


def _mean(low: float, high: float) -> float:
    return low if low == high else (low + high) / 2


def _averages_at(d: Values, ranks: Iterable[int]) -> list[float]:
    """The Walsh averages at these ranks; rank 1 is the smallest."""
    if d.size <= ALL_AVERAGES_UP_TO_N:
        averages = np.sort(_average(*(d[places] for places in np.triu_indices(d.size))))
        return [float(averages[rank - 1]) for rank in ranks]
    ordered = np.sort(d)
    return [average_at(ordered, rank) for rank in ranks]


def _average(left: Values, right: Values) -> Values:
    with np.errstate(invalid="ignore"):  # +inf and -inf average to 0
        average: Values = (left + right) / 2
    average[np.isnan(average)] = 0.0
    return average


def average_at(ordered: Values, rank: int) -> float:
    """The Walsh average at `rank` of differences in ascending order.

    The averages of one difference with those from it on are a row in ascending order, so a row
    always holds its candidates side by side. Halving all rows by a middle value leaves few
    candidates, and no average but these is ever computed.

    References
    ----------
    Johnson DB, Mizoguchi T (1978), SIAM J Comput 7:147-153.
    """
    n = ordered.size
    rows = np.arange(n)
    first, end = rows.copy(), np.full(n, n)  # the candidates of each row are first ... end - 1
    while (end - first).sum() > _MOST_CANDIDATES:
        value = _middle_value(ordered, first, end)
        # Averages below the value lie before `less`, those above it from `more` on.
        less = _place(ordered, value, first, end, or_equal=False)
        more = _place(ordered, value, less, end, or_equal=True)
        if rank <= (less - rows).sum():
            end = less
        elif rank <= (more - rows).sum():
            return value
        else:
            first = more
    lengths = end - first
    row = np.repeat(rows, lengths)
    column = np.arange(row.size) - np.repeat(np.cumsum(lengths) - lengths, lengths) + first[row]
    place = rank - 1 - int((first - rows).sum())
    return float(np.partition(_average(ordered[row], ordered[column]), place)[place])


def _middle_value(ordered: Values, first: Places, end: Places) -> float:
    """The median of the middle candidates of the rows, each weighted by its row's candidates."""
    row = np.flatnonzero(end > first)
    middle = _average(ordered[row], ordered[(first[row] + end[row] - 1) // 2])
    order = np.argsort(middle)
    weights = np.cumsum((end - first)[row][order])
    return float(middle[order[np.searchsorted(weights, weights[-1] / 2)]])


def _place(ordered: Values, value: float, first: Places, end: Places, *, or_equal: bool) -> Places:
    """For each row the first place from `first` on whose average is not below `value`.

    With `or_equal` the first whose average is above it; `end` where there is none.
    """
    low, high = first.copy(), end.copy()
    row = np.flatnonzero(low < high)
    while row.size:
        middle = (low[row] + high[row]) // 2
        average = _average(ordered[row], ordered[middle])
        before = average <= value if or_equal else average < value
        low[row[before]] = middle[before] + 1
        high[row[~before]] = middle[~before]
        row = row[low[row] < high[row]]
    return low
