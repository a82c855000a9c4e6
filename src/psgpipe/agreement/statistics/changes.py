"""Changes between nights of a subject: those of automatic stages against those of the expert."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.agreement.statistics.resampling import LEVEL

FEWEST_SUBJECTS = 5


@dataclass(frozen=True)
class ChangeAgreement:
    """How well changes of automatic values follow the expert's.

    Attributes
    ----------
    r
        Correlation over subjects; None with few subjects, or where one of the two does not vary.
    bias
        Mean of automatic minus expert changes.
    error_sd
        SD of automatic minus expert changes.
    """

    n_subjects: int
    bias: float
    error_sd: float | None
    r: float | None = None
    r_interval: tuple[float, float] | None = None


def change_agreement(automatic: npt.ArrayLike, expert: npt.ArrayLike) -> ChangeAgreement:
    """The changes of each subject, one number for each; the interval of r is Fisher's."""
    from scipy.special import ndtri

    a, e = np.asarray(automatic, dtype=float), np.asarray(expert, dtype=float)
    n, error = a.size, a - e
    sd = float(error.std(ddof=1)) if n > 1 else None
    if n < FEWEST_SUBJECTS or np.ptp(a) == 0 or np.ptp(e) == 0:
        return ChangeAgreement(n, float(error.mean()), sd)
    r = float(np.corrcoef(a, e)[0, 1])
    half = float(ndtri((1 + LEVEL) / 2)) / math.sqrt(n - 3)
    z = math.atanh(max(-1 + 1e-15, min(1 - 1e-15, r)))
    return ChangeAgreement(
        n, float(error.mean()), sd, r, (math.tanh(z - half), math.tanh(z + half))
    )
