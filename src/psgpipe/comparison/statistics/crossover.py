"""Two-period crossover: the treatment effect freed from the period effect (Hills-Armitage)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.statistics.paired import t_p_value, t_quantile


@dataclass(frozen=True)
class CrossoverEffect:
    """Treatment effect and period effect of a two-period crossover.

    Attributes
    ----------
    difference, low, high, se, df, t, p
        Treatment minus baseline, freed from the period effect.
    period_difference, period_p
        Second period minus first, freed from the treatment effect.
    """

    difference: float
    low: float
    high: float
    se: float
    df: float
    t: float
    p: float
    period_difference: float
    period_p: float
    n_treated_first: int
    n_treated_second: int


def hills_armitage(
    differences: npt.ArrayLike, treated_first: npt.ArrayLike, level: float = 0.95
) -> CrossoverEffect | None:
    """Treatment and period effect from the differences of the two sequences.

    Carry-over is not tested: such a test has little power and biases the analysis that follows it
    (Freeman 1989). A washout must rule carry-over out.

    Parameters
    ----------
    differences
        Treatment minus baseline for each subject, shape (n_subjects,).
    treated_first
        Whether the subject had the treatment in the first period.

    Returns
    -------
    None where a sequence is empty, with fewer than three subjects, or without variation.

    References
    ----------
    Hills M, Armitage P (1979), Br J Clin Pharmacol 8:7-20.
    """
    d, first = np.asarray(differences, dtype=float), np.asarray(treated_first, dtype=bool)
    early, late = d[first], d[~first]
    if not early.size or not late.size or d.size < 3:
        return None
    squares = float(((early - early.mean()) ** 2).sum() + ((late - late.mean()) ** 2).sum())
    if squares <= 1e-20 * float((d**2).sum()):
        return None
    df = float(d.size - 2)
    se = float(np.sqrt(squares / df * (1 / early.size + 1 / late.size))) / 2
    effect, period = float(early.mean() + late.mean()) / 2, float(late.mean() - early.mean()) / 2
    half = t_quantile(level, df) * se
    return CrossoverEffect(
        difference=effect,
        low=effect - half,
        high=effect + half,
        se=se,
        df=df,
        t=effect / se,
        p=t_p_value(effect / se, df),
        period_difference=period,
        period_p=t_p_value(period / se, df),
        n_treated_first=int(early.size),
        n_treated_second=int(late.size),
    )
