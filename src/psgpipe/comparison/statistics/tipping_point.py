"""Tipping point: the REM sensitivity under the drug that alone would explain the change in REM."""

from __future__ import annotations


def tipping_sensitivity(
    baseline_pct: float, treatment_pct: float, sensitivity: float, false_positive_rate: float
) -> float | None:
    """REM sensitivity under treatment at which true REM did not change at all.

    Staged REM = sensitivity x true REM + false positive rate x (100 - true REM). True REM at
    baseline follows from the usual sensitivity. The returned sensitivity turns the same true REM
    into the staged REM under treatment; above 1, no sensitivity explains the change.

    Parameters
    ----------
    baseline_pct, treatment_pct
        REM as staged, percent of TST.
    sensitivity, false_positive_rate
        Of the stager for REM without the drug, 0 to 1.

    Returns
    -------
    None where REM seen at baseline is no more than false positives alone would give.
    """
    true = (baseline_pct / 100 - false_positive_rate) / (sensitivity - false_positive_rate)
    if true <= 0:
        return None
    return (treatment_pct / 100 - false_positive_rate * (1 - true)) / true
