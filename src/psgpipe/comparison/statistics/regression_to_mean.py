"""Regression to the mean: the change of an extreme baseline without any treatment."""

from __future__ import annotations


def expected_drift(baseline_mean: float, population_mean: float, icc: float) -> float:
    """Change expected without treatment: (1 - ICC)(population mean - baseline mean).

    Parameters
    ----------
    population_mean
        Of the population that the group was selected from.
    icc
        Reliability of the baseline measure as used (of the mean of its nights), 0 to 1.

    References
    ----------
    Barnett AG, van der Pols JC, Dobson AJ (2005), Int J Epidemiol 34:215-220.
    """
    return (1 - icc) * (population_mean - baseline_mean)
