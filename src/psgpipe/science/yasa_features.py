"""YASA's features of every 30-s epoch of one derivation, numerically equal, in plain numpy.

The definitions are those of ``yasa.SleepStaging.fit`` (yasa 0.8.1) and of the antropy functions it
calls (0.2.3). The signal comes band-passed at 100 Hz. A few epochs at a time are taken through all
features, so that what is being worked on stays in the processor's cache.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from psgpipe.science import yasa_spectra
from psgpipe.science.yasa_band import FS_HZ, Signal

EPOCH_S = 30
EPOCH_SAMPLES = int(EPOCH_S * FS_HZ)
HIGUCHI_KMAX = 10

_EPOCHS_AT_ONCE = 16
_LOG_BASE_3_FACTORIAL = np.log2(6)

Epochs = npt.NDArray[np.float64]
"""Shape (n_epochs, 3000): microvolt."""
PerEpoch = npt.NDArray[np.float64]
"""Shape (n_epochs,)."""
Features = dict[str, PerEpoch]


def epoch_features(filtered: Signal, kind: str) -> Features:
    """YASA's features of one derivation, by YASA's names without the ``eeg_`` in front.

    Parameters
    ----------
    filtered : shape (n_samples,), 100 Hz, microvolt, band-passed; a tail shorter than an epoch is
        left out.
    kind : ``eeg``, ``eog`` or ``emg``: which has which features.
    """
    n_epochs = len(filtered) // EPOCH_SAMPLES
    epochs = filtered[: n_epochs * EPOCH_SAMPLES].reshape(n_epochs, EPOCH_SAMPLES)
    parts = [
        _features_of_some(epochs[first : first + _EPOCHS_AT_ONCE], kind)
        for first in range(0, n_epochs, _EPOCHS_AT_ONCE)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _features_of_some(epochs: Epochs, kind: str) -> Features:
    # A flat epoch divides by its variance of zero; YASA lets the NaN stand.
    with np.errstate(invalid="ignore", divide="ignore"):
        found = _moments(epochs) | {"iqr": _interquartile_range(epochs)}
        found |= _slopes(epochs) | {"higuchi": _higuchi(epochs)} | _signs_and_order(epochs)
        return found | yasa_spectra.spectral_features(epochs, kind)


def _moments(epochs: Epochs) -> Features:
    """Standard deviation (n - 1), skewness and excess kurtosis (both biased)."""
    n = epochs.shape[1]
    deviation = epochs - epochs.mean(axis=1, keepdims=True)
    squared = deviation * deviation
    sum_2 = np.vecdot(deviation, deviation)
    m2 = sum_2 / n
    m3 = np.vecdot(squared, deviation) / n
    m4 = np.vecdot(squared, squared) / n
    return {
        "std": np.sqrt(sum_2 / (n - 1)),
        "skew": m3 / m2**1.5,
        "kurt": m4 / m2**2 - 3,
    }


def _interquartile_range(epochs: Epochs) -> PerEpoch:
    ordered = np.sort(epochs, axis=1)
    iqr: PerEpoch = _quantile(ordered, 0.75) - _quantile(ordered, 0.25)
    return iqr


def _quantile(ordered: Epochs, q: float) -> PerEpoch:
    """The linearly interpolated quantile of sorted rows; NaN (sorted last) makes a row NaN."""
    position = q * (ordered.shape[1] - 1)
    below = int(position)
    low, high = ordered[:, below], ordered[:, below + 1]
    at = high - (high - low) * (below + 1 - position) if q >= 0.5 else low + (high - low) * (position - below)
    return np.where(np.isnan(ordered[:, -1]), np.nan, at)


def _slopes(epochs: Epochs) -> Features:
    """Hjorth's mobility and complexity (1970)."""
    first = np.diff(epochs, axis=1)
    second = np.diff(first, axis=1)
    var, var_1, var_2 = (values.var(axis=1) for values in (epochs, first, second))
    mobility = np.sqrt(var_1 / var)
    return {"hmob": mobility, "hcomp": np.sqrt(var_2 / var_1) / mobility}


def _higuchi(epochs: Epochs) -> PerEpoch:
    """Higuchi's fractal dimension (1988): the slope of log curve length on log 1/k."""
    log_lengths = np.empty((HIGUCHI_KMAX, len(epochs)))
    for k in range(1, HIGUCHI_KMAX + 1):
        steps = np.subtract(epochs[:, k:], epochs[:, :-k])
        np.abs(steps, out=steps)
        lengths = steps @ _higuchi_weights(k, epochs.shape[1])
        log_lengths[k - 1] = np.where(lengths > 0, np.log(lengths), -np.inf)
    return _slope(np.log(1.0 / np.arange(1, HIGUCHI_KMAX + 1)), log_lengths)


def _higuchi_weights(k: int, n: int) -> npt.NDArray[np.float64]:
    """What each step of lag `k` counts: sub-series differ in length where `k` does not divide."""
    starts = np.arange(k)
    n_steps = (n - starts - 1) // k
    weights = (n - 1) / (k * n_steps) / k / k
    return np.resize(weights, n - k)


def _slope(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> PerEpoch:
    """antropy's least squares, its 1e-9 in the denominator included."""
    n = len(x)
    xy = (x[:, None] * y).sum(axis=0)
    slope: PerEpoch = (n * xy - x.sum() * y.sum(axis=0)) / (n * (x * x).sum() - x.sum() ** 2 + 1e-9)
    return slope


def _signs_and_order(epochs: Epochs) -> Features:
    """Zero crossings, permutation entropy of order 3 and Petrosian's fractal dimension."""
    rises = epochs[:, 1:] >= epochs[:, :-1]
    n_zero_crossings = _count_changes(np.signbit(epochs))
    n_turns = _count_changes(rises)
    entropy = _permutation_entropy(rises, epochs[:, 2:] >= epochs[:, :-2])
    if np.isnan(n := epochs.sum(axis=1)).any():
        missing = np.isnan(n)
        entropy[missing] = np.nan
        n_turns[missing] = _count_changes(np.signbit(np.diff(epochs[missing], axis=1)))
    return {"nzc": n_zero_crossings, "perm": entropy, "petrosian": _petrosian(n_turns)}


def _petrosian(n_turns: PerEpoch) -> PerEpoch:
    n = EPOCH_SAMPLES
    dimension: PerEpoch = np.log10(n) / (np.log10(n) + np.log10(n / (n + 0.4 * n_turns)))
    return dimension


def _count_changes(marks: npt.NDArray[np.bool_]) -> PerEpoch:
    return _count(marks[:, 1:] != marks[:, :-1])


def _count(marks: npt.NDArray[np.bool_]) -> PerEpoch:
    """How many marks each row has; eight of them are counted at a time."""
    return np.bitwise_count(np.packbits(marks, axis=1)).sum(axis=1, dtype=np.float64)


def _permutation_entropy(
    rises: npt.NDArray[np.bool_], rises_over_two: npt.NDArray[np.bool_]
) -> PerEpoch:
    """Bandt and Pompe's entropy (2002) of the order of three neighbours, from 0 to 1.

    A tie counts as a rise: the earlier sample is taken as the smaller.
    """
    n = rises_over_two.shape[1]
    first, second = rises[:, :-1], rises[:, 1:]
    both, either = first & second, first | second
    n_up = _count(both)
    n_down = n - _count(either)
    peak = first & ~second
    n_peaks, n_peaks_up = _count(peak), _count(peak & rises_over_two)
    trough = second & ~first
    n_troughs, n_troughs_up = _count(trough), _count(trough & rises_over_two)
    counts = [n_down, n_troughs - n_troughs_up, n_peaks - n_peaks_up, n_peaks_up, n_troughs_up, n_up]
    return _normalized_entropy(np.stack(counts, axis=1) / n)


def _normalized_entropy(p: npt.NDArray[np.float64]) -> PerEpoch:
    logs = np.where(p > 0, np.log2(p), 0.0)
    return np.clip(-(p * logs).sum(axis=1) / _LOG_BASE_3_FACTORIAL, 0.0, 1.0)


__all__ = ["EPOCH_S", "EPOCH_SAMPLES", "Callable", "Features", "Sequence", "epoch_features"]
