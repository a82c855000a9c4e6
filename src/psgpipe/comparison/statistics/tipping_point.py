"""How much worse the stager would have to see REM under the drug to fake the change."""

from __future__ import annotations


def tipping_sensitivity(
    baseline_pct: float, treatment_pct: float, sensitivity: float, false_positive_rate: float
) -> float | None:
    """REM sensitivity under treatment at which true REM did not change at all.

    What is seen is sensitivity x true + false positive rate x (100 - true). True REM at baseline
    follows from the stager's usual sensitivity; the returned sensitivity turns that same true REM
    into what was seen under treatment. It may exceed 1: then no sensitivity explains the change.

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
