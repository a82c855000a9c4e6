"""YASA's features of every 30-s epoch of one derivation, numerically equal, in plain numpy.

The definitions are those of ``yasa.SleepStaging.fit`` (yasa 0.8.1) and of the antropy functions it
calls (0.2.3). The signal is band-passed, at 100 Hz. All features are computed for a few epochs at a
time, so that the samples stay in the processor's cache.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from psgpipe.staging.fast import spectra
from psgpipe.staging.fast.band_pass import EPOCH_SAMPLES, Signal
from psgpipe.staging.fast.quartiles import interquartile_range

HIGUCHI_KMAX = 10

_EPOCHS_AT_ONCE = 24
_LOG_ORDERS = np.log2(6)

Epochs = npt.NDArray[np.float64]
"""Shape (n_epochs, 3000): microvolt."""
PerEpoch = npt.NDArray[np.float64]
"""Shape (n_epochs,)."""
Features = dict[str, PerEpoch]
Bits = npt.NDArray[np.uint8]


def epoch_features(filtered: Signal, kind: str) -> Features:
    """YASA's features of one derivation, by YASA's names without the ``eeg_`` in front.

    `filtered` is at 100 Hz, in microvolt, band-passed; a tail shorter than an epoch is left out.
    `kind` (``eeg``, ``eog`` or ``emg``) decides which features there are.
    """
    n_epochs = len(filtered) // EPOCH_SAMPLES
    epochs = filtered[: n_epochs * EPOCH_SAMPLES].reshape(n_epochs, EPOCH_SAMPLES)
    scratch = spectra.scratch_for(_EPOCHS_AT_ONCE)
    parts = [
        _features_of_some(epochs[first : first + _EPOCHS_AT_ONCE], kind, scratch)
        for first in range(0, n_epochs, _EPOCHS_AT_ONCE)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _features_of_some(epochs: Epochs, kind: str, scratch: spectra.Scratch) -> Features:
    # A flat epoch divides by its variance of zero; YASA lets the NaN stand.
    with np.errstate(invalid="ignore", divide="ignore"):
        features = _moments_and_slopes(epochs, scratch)
        missing = np.isnan(features["std"])
        memory = scratch.samples[: len(epochs)]
        iqr = interquartile_range(epochs, features["std"], memory)
        features["iqr"] = np.where(missing, np.nan, iqr)
        features["higuchi"] = _higuchi(epochs, memory)
        features |= _signs_and_order(epochs, missing)
        return features | spectra.spectral_features(epochs, kind, scratch)


def _moments_and_slopes(epochs: Epochs, scratch: spectra.Scratch) -> Features:
    """Standard deviation (n - 1), biased skewness and excess kurtosis; Hjorth (1970)."""
    n_epochs, n = epochs.shape
    mean = epochs.mean(axis=1, keepdims=True)
    deviation = np.subtract(epochs, mean, out=scratch.samples[:n_epochs])
    squared = np.multiply(deviation, deviation, out=scratch.more_samples[:n_epochs])
    sum_2 = np.vecdot(deviation, deviation)
    m2 = sum_2 / n
    m3 = np.vecdot(squared, deviation) / n
    m4 = np.vecdot(squared, squared) / n
    slope_var, bend_var = _variances_of_differences(epochs, scratch)
    mobility = np.sqrt(slope_var / m2)
    return {
        "std": np.sqrt(sum_2 / (n - 1)),
        "skew": m3 / m2**1.5,
        "kurt": m4 / m2**2 - 3,
        "hmob": mobility,
        "hcomp": np.sqrt(bend_var / slope_var) / mobility,
    }


def _variances_of_differences(
    epochs: Epochs, scratch: spectra.Scratch
) -> tuple[PerEpoch, PerEpoch]:
    """The variance of the first and of the second difference of each epoch.

    Differences telescope: their mean is known from the ends, and it is small beside their spread.
    """
    variances = []
    values = epochs
    for memory in (scratch.samples, scratch.more_samples):
        ends = values[:, -1] - values[:, 0]
        n = values.shape[1] - 1
        values = np.subtract(values[:, 1:], values[:, :-1], out=memory[: len(epochs), :n])
        variances.append(np.vecdot(values, values) / n - (ends / n) ** 2)
    return variances[0], variances[1]


def _higuchi(epochs: Epochs, scratch: Epochs) -> PerEpoch:
    """Higuchi's fractal dimension (1988): the slope of log curve length on log 1/k.

    A curve's length is a weighted sum of ``|b - a| = 2 max(a, b) - a - b``. All the sums of a and
    b are one matrix product, and a maximum is cheaper than an absolute difference.
    """
    n = epochs.shape[1]
    ends = epochs @ _higuchi_ends(n)
    log_lengths = np.empty((HIGUCHI_KMAX, len(epochs)))
    for k in range(1, HIGUCHI_KMAX + 1):
        larger = np.maximum(epochs[:, k:], epochs[:, :-k], out=scratch[:, : n - k])
        lengths = 2 * (larger @ _higuchi_weights(k, n)) - ends[:, k - 1]
        log_lengths[k - 1] = np.where(lengths > 0, np.log(lengths), -np.inf)
    return _slope(np.log(1.0 / np.arange(1, HIGUCHI_KMAX + 1)), log_lengths)


@cache
def _higuchi_weights(k: int, n: int) -> npt.NDArray[np.float64]:
    """What each step of lag `k` counts: sub-series differ in length where `k` does not divide."""
    starts = np.arange(k)
    n_steps = (n - starts - 1) // k
    weights = (n - 1) / (k * n_steps) / k / k
    return np.resize(weights, n - k)


@cache
def _higuchi_ends(n: int) -> npt.NDArray[np.float64]:
    """What each sample counts as an end of steps: shape (n, 10), a column for each lag."""
    ends = np.zeros((n, HIGUCHI_KMAX))
    for k in range(1, HIGUCHI_KMAX + 1):
        ends[k:, k - 1] += _higuchi_weights(k, n)
        ends[:-k, k - 1] += _higuchi_weights(k, n)
    return ends


def _slope(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> PerEpoch:
    """Least squares as in antropy, its 1e-9 in the denominator included."""
    n = len(x)
    xy = (x[:, None] * y).sum(axis=0)
    slope: PerEpoch = (n * xy - x.sum() * y.sum(axis=0)) / (n * (x * x).sum() - x.sum() ** 2 + 1e-9)
    return slope


def _signs_and_order(epochs: Epochs, missing: npt.NDArray[np.bool_]) -> Features:
    """Zero crossings, permutation entropy of order 3 and Petrosian's fractal dimension."""
    negative = np.signbit(epochs)
    rises = epochs[:, 1:] >= epochs[:, :-1]
    first, second = _packed(rises[:, :-1]), _packed(rises[:, 1:])
    over_two = _packed(epochs[:, 2:] >= epochs[:, :-2])
    n_turns = _count(first ^ second)
    entropy = _permutation_entropy(first, second, over_two, epochs.shape[1] - 2)
    if missing.any():
        entropy[missing] = np.nan
        falls = np.signbit(np.diff(epochs[missing], axis=1))
        n_turns[missing] = _count(_packed(falls[:, 1:]) ^ _packed(falls[:, :-1]))
    return {
        "nzc": _count(_packed(negative[:, 1:]) ^ _packed(negative[:, :-1])),
        "perm": entropy,
        "petrosian": _petrosian(n_turns),
    }


def _petrosian(n_turns: PerEpoch) -> PerEpoch:
    n = EPOCH_SAMPLES
    dimension: PerEpoch = np.log10(n) / (np.log10(n) + np.log10(n / (n + 0.4 * n_turns)))
    return dimension


def _packed(marks: npt.NDArray[np.bool_]) -> Bits:
    """The marks of each row as bits, the last byte padded with zeros."""
    return np.packbits(marks, axis=1)


def _count(bits: Bits) -> PerEpoch:
    """How many marks each row has."""
    count: PerEpoch = np.bitwise_count(bits).sum(axis=1, dtype=np.float64)
    return count


def _permutation_entropy(first: Bits, second: Bits, over_two: Bits, n: int) -> PerEpoch:
    """Bandt and Pompe's entropy (2002) of the order of three neighbours, from 0 to 1.

    A tie counts as a rise: the earlier sample is taken as the smaller. Of each of the `n` threes,
    the bits say whether the second sample rises from the first, the third from the second, and the
    third from the first.
    """
    n_up = _count(first & second)
    n_down = n - _count(first | second)
    peak, trough = first & ~second, second & ~first
    n_peaks, n_peaks_up = _count(peak), _count(peak & over_two)
    n_troughs, n_troughs_up = _count(trough), _count(trough & over_two)
    falling = [n_down, n_troughs - n_troughs_up, n_peaks - n_peaks_up]
    counts = np.stack([*falling, n_peaks_up, n_troughs_up, n_up], axis=1)
    return _normalized_entropy(counts / n)


def _normalized_entropy(p: npt.NDArray[np.float64]) -> PerEpoch:
    logs = np.where(p > 0, np.log2(p), 0.0)
    entropy: PerEpoch = -(p * logs).sum(axis=1) / _LOG_ORDERS
    return entropy.clip(0.0, 1.0)
