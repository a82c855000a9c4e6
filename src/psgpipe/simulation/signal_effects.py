"""Planted effects on the signals of treatment nights: slow waves, spindles, and the gain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.errors import UsageError

Floats = npt.NDArray[np.float64]

SWA_TOP_HZ = 4.0
SIGMA_HZ = (12.0, 15.0)
LEAST, MOST = 0.1, 10.0


@dataclass(frozen=True)
class SignalEffects:
    """Factors by which a night's signals differ from a night without treatment.

    Attributes
    ----------
    swa, sigma
        Of the EEG's power up to 4 Hz, and of 12-15 Hz, in N2 and N3; K-complexes and spindles with
        them.
    gain
        Of the amplitude of every EEG and EOG channel.
    """

    swa: float = 1.0
    sigma: float = 1.0
    gain: float = 1.0

    @property
    def changes_spectrum(self) -> bool:
        """Whether the spectrum of N2 and N3 is another one."""
        return (self.swa, self.sigma) != (1.0, 1.0)

    def of_bins(self, hz: Floats) -> Floats:
        """The factor of the power in each frequency bin in N2 and N3, shape (n_bins,)."""
        factors = np.ones(len(hz))
        factors[hz <= SWA_TOP_HZ] = self.swa
        factors[(hz >= SIGMA_HZ[0]) & (hz <= SIGMA_HZ[1])] = self.sigma
        return factors


NO_SIGNAL_EFFECTS = SignalEffects()
SIGNAL_EFFECTS = tuple(field.name for field in fields(SignalEffects))


class SplitEffects(NamedTuple):
    """Planted effects by what they change: the hypnogram, or its signals."""

    of_stages: Mapping[str, float]
    of_signals: SignalEffects


def split_effects(effects: Mapping[str, float], response: float = 1.0) -> SplitEffects:
    """A subject's effects; `response` is how much of an effect the subject shows.

    Factors are raised to the power of the response, so that the mean log factor over an even number
    of subjects is the planted one. The gain is that of the amplifier, the same for all.

    Raises
    ------
    UsageError
        A factor is out of range.
    """
    factors = {name: effects[name] for name in SIGNAL_EFFECTS if name in effects}
    for name, factor in factors.items():
        if not LEAST <= factor <= MOST:
            raise UsageError(
                f"--effect {name} is {factor:g}, wanted a factor from {LEAST:g} to {MOST:g}",
                f"Write --effect {name}=0.8 for a fifth less.",
            )
    own = {name: f if name == "gain" else f**response for name, f in factors.items()}
    stages = {n: response * value for n, value in effects.items() if n not in factors}
    return SplitEffects(stages, SignalEffects(**own))
