"""Log-ratio balances of the stage composition: stages are parts of one whole."""

from __future__ import annotations

import math

HALF_EPOCH_MIN = 0.25
BALANCES = {
    "ilr_rem_nrem": "sqrt(3/4) ln(R / (N1 N2 N3)^(1/3))",
    "ilr_n3_n1n2": "sqrt(2/3) ln(N3 / sqrt(N1 N2))",
    "ilr_n2_n1": "sqrt(1/2) ln(N2 / N1)",
}


def stage_balances(n1: float, n2: float, n3: float, rem: float) -> tuple[float, float, float]:
    """Isometric log-ratio balances of the four sleep stages: REM/NREM, N3/(N1, N2), N2/N1.

    Unlike percentages they do not sum to 100, so one of them can change alone.

    Parameters
    ----------
    n1, n2, n3, rem
        In any common unit, all above 0.

    References
    ----------
    Egozcue JJ et al. (2003), Math Geol 35:279-300.
    """
    l1, l2, l3, lr = (math.log(part) for part in (n1, n2, n3, rem))
    return (
        math.sqrt(3 / 4) * (lr - (l1 + l2 + l3) / 3),
        math.sqrt(2 / 3) * (l3 - (l1 + l2) / 2),
        math.sqrt(1 / 2) * (l2 - l1),
    )


def without_zeros(minutes: tuple[float, ...]) -> tuple[float, ...]:
    """The same minutes with half an epoch where a stage was not seen; the total is kept.

    A stage that does not occur in 30-s epochs may have lasted less than one epoch. The other
    stages are reduced in proportion (multiplicative replacement).

    References
    ----------
    Martín-Fernández JA, Barceló-Vidal C, Pawlowsky-Glahn V (2003), Math Geol 35:253-278.
    """
    total, missing = sum(minutes), sum(part == 0 for part in minutes)
    kept = 1 - missing * HALF_EPOCH_MIN / total
    return tuple(part * kept if part > 0 else HALF_EPOCH_MIN for part in minutes)
