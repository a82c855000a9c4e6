"""The shape of a spectrum: aperiodic slope, and the peak of the spindles."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from psgpipe.model.sampled_signal import Band

SLOPE_HZ = Band(2, 30)
RHYTHMS_HZ = Band(7, 16)
"""Alpha and spindles stand out here: not part of the slope of 2-30 Hz."""
HIGH_SLOPE_HZ = Band(30, 45)
PEAK_HZ = Band(11, 16)
HIGH_SLOPE_FS_HZ = 200.0
HIGH_SLOPE_LOW_PASS_HZ = 50.0
SLOPE_LOW_PASS_HZ = SLOPE_HZ.high_hz
BEND = 1.5
"""By so much the upper half of 30-45 Hz is steeper than the lower only behind a filter."""
STEEPER = 4.0
"""By so much 30-45 Hz is steeper than 2-30 Hz only behind a filter; in REM sleep it is by 3."""
WINDOWS_PER_EPOCH = 14
CHANCE_SE = 4.0
"""The highest of 21 bins of noise seldom lies so many standard errors above its line."""

Floats = npt.NDArray[np.float64]


def slope_2_30(freqs_hz: Floats, density: Floats) -> float:
    """Slope of log power against log frequency, 2-30 Hz without 7-16 Hz: pink noise is -1."""
    return float(_line(freqs_hz, density, _background(freqs_hz))[0])


def slope_30_45(freqs_hz: Floats, density: Floats) -> float:
    """Slope of log power against log frequency, 30-45 Hz: below mains of 50 and 60 Hz."""
    fitted = (freqs_hz >= HIGH_SLOPE_HZ.low_hz) & (freqs_hz <= HIGH_SLOPE_HZ.high_hz)
    return float(_line(freqs_hz, density, fitted)[0])


def is_low_passed(freqs_hz: Floats, density: Floats) -> bool:
    """Whether power falls within 30-45 Hz as behind a low-pass below 50 Hz."""
    low_hz, high_hz = HIGH_SLOPE_HZ
    middle_hz = (low_hz + high_hz) / 2
    lower = (freqs_hz >= low_hz) & (freqs_hz <= middle_hz)
    upper = (freqs_hz >= middle_hz) & (freqs_hz <= high_hz)
    before, after = (_line(freqs_hz, density, half)[0] for half in (lower, upper))
    drop = slope_2_30(freqs_hz, density) - slope_30_45(freqs_hz, density)
    return after < before - BEND or drop > STEEPER


def sigma_peak_hz(freqs_hz: Floats, density: Floats, n_epochs: int) -> float | None:
    """The frequency in 11-16 Hz that stands out most above the slope; None without a peak.

    It stands out by more than the chance of a mean spectrum of `n_epochs`. A parabola through the
    highest bin and its neighbours places the peak between bins.
    """
    slope, level = _line(freqs_hz, density, _background(freqs_hz))
    inside = np.flatnonzero((freqs_hz >= PEAK_HZ.low_hz) & (freqs_hz <= PEAK_HZ.high_hz))
    around = np.arange(inside[0] - 1, inside[-1] + 2)
    above = np.log(density[around]) - slope * np.log(freqs_hz[around]) - level
    best = int(np.argmax(above[1:-1])) + 1
    left, top, right = above[best - 1 : best + 2]
    chance = CHANCE_SE / math.sqrt(n_epochs * WINDOWS_PER_EPOCH)
    if top <= left or top <= right or top <= chance:
        return None
    offset = 0.5 * (left - right) / (left - 2 * top + right)
    return float(freqs_hz[around[best]] + offset * freqs_hz[1])


def _background(freqs_hz: Floats) -> npt.NDArray[np.bool_]:
    inside = (freqs_hz >= SLOPE_HZ.low_hz) & (freqs_hz <= SLOPE_HZ.high_hz)
    background: npt.NDArray[np.bool_] = inside & ~(
        (freqs_hz > RHYTHMS_HZ.low_hz) & (freqs_hz < RHYTHMS_HZ.high_hz)
    )
    return background


def _line(freqs_hz: Floats, density: Floats, fitted: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and level of the least-squares line through log power against log frequency."""
    x, y = np.log(freqs_hz[fitted]), np.log(density[fitted])
    slope = float(((x - x.mean()) @ y) / ((x - x.mean()) @ (x - x.mean())))
    return slope, float(y.mean() - slope * x.mean())
