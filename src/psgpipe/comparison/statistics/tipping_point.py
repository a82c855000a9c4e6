"""Tipping point: the error of the stager under the drug that alone would explain a change."""

from __future__ import annotations


def tipping_sensitivity(
    baseline_pct: float, treatment_pct: float, sensitivity: float, false_positive_rate: float
) -> float | None:
    """Sensitivity for a stage under treatment at which the true stage did not change at all.

    Staged REM = sensitivity x true REM + false positive rate x (100 - true REM), and so for every
    stage. The true share at baseline follows from the usual figures. The returned sensitivity turns
    the same true share into the staged one under treatment; above 1, no sensitivity explains it.

    Parameters
    ----------
    baseline_pct, treatment_pct
        The stage as staged, percent of TST.
    sensitivity, false_positive_rate
        Of the stager for the stage without the drug, 0 to 1.

    Returns
    -------
    None where the stage at baseline is no more than false positives alone would give.
    """
    true = true_share(baseline_pct, sensitivity, false_positive_rate)
    if true <= 0:
        return None
    return (treatment_pct / 100 - false_positive_rate * (1 - true)) / true


def tipping_false_positive_rate(
    baseline_pct: float, treatment_pct: float, sensitivity: float, false_positive_rate: float
) -> float | None:
    """False positive rate under treatment at which the true stage did not change at all.

    As `tipping_sensitivity`, with the sensitivity unchanged; below 0, no rate explains the change.

    Returns
    -------
    None where the stage at baseline is no more than false positives alone would give, or where all
    sleep would be of this stage.
    """
    true = true_share(baseline_pct, sensitivity, false_positive_rate)
    if not 0 < true < 1:
        return None
    return (treatment_pct / 100 - sensitivity * true) / (1 - true)


def true_share(staged_pct: float, sensitivity: float, false_positive_rate: float) -> float:
    """The true share of a stage, 0 to 1, from the staged one; outside 0 to 1 none explains it."""
    return (staged_pct / 100 - false_positive_rate) / (sensitivity - false_positive_rate)
