"""Staging as YASA does it, without YASA: its features, its smoothing, its trees.

What is equal to ``yasa.SleepStaging`` (0.8.1), how nearly, and where it cannot be:
``docs/explanation/fast-engine.md``.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from psgpipe.errors import RateTooLow, TooShort
from psgpipe.model.staging import Demographics, RoleSignal
from psgpipe.staging.fast import forest
from psgpipe.staging.fast.band_pass import EPOCH_S, FS_HZ, Signal, band_pass
from psgpipe.staging.fast.features import epoch_features
from psgpipe.staging.fast.forest import TreeClassifier
from psgpipe.staging.fast.one_pass import can_fuse, resample_band_pass
from psgpipe.staging.fast.resampling import resample
from psgpipe.staging.fast.smoothing import around_7_min, hours, part_of_night, past_2_min

Probabilities = npt.NDArray[np.float64]
FeatureTable = dict[str, npt.NDArray[np.float32]]
"""YASA's name of each feature, its value in each epoch."""

LOWEST_FS_HZ = 80.0
"""YASA wants more than this."""
FLAT_S = 4.0
"""A flat stretch of this length is found wherever it begins."""


def derivation_features(signal: RoleSignal) -> FeatureTable:
    """Everything YASA takes from one derivation: its features, and two smoothed copies of each."""
    raw = epoch_features(filtered_100_hz(signal), signal.role)
    rows = np.stack(list(raw.values()))
    table = {"": rows, "_c7min_norm": around_7_min(rows), "_p2min_norm": past_2_min(rows)}
    return {
        f"{signal.role}_{name}{suffix}": row
        for suffix, values in table.items()
        for name, row in zip(raw, values.astype(np.float32), strict=True)
    }


def filtered_100_hz(signal: RoleSignal) -> Signal:
    """What YASA computes its features from: 100 Hz, 0.4-30 Hz, microvolt."""
    _require_enough(signal)
    signal_uv, fs_hz = signal.signal_uv, signal.fs_hz
    with np.errstate(invalid="ignore"):  # an infinite sample
        if can_fuse(len(signal_uv), fs_hz) and not _is_flat_for_long(signal):
            filtered = resample_band_pass(signal_uv, fs_hz)
            if np.isfinite(filtered.sum()):
                return filtered
        # Through volts and back, as YASA's MNE object does: one product more, the same rounding.
        if fs_hz == FS_HZ:
            return band_pass(signal_uv[:] * 1e-6 * 1e6)
        return band_pass(resample(signal_uv[:], fs_hz, scale=1e-6) * 1e6)


def _require_enough(signal: RoleSignal) -> None:
    if signal.fs_hz <= LOWEST_FS_HZ:
        raise RateTooLow(
            f"staging wants more than {LOWEST_FS_HZ:g} Hz and the {signal.role.upper()} has "
            f"{signal.fs_hz:g} Hz",
            "Export the recording at its original rate, or list another derivation.",
        )
    duration_s = len(signal.signal_uv) / signal.fs_hz
    if duration_s < EPOCH_S:
        raise TooShort(
            f"staging wants {EPOCH_S} s or more and there are {duration_s:.3g} s",
            "Check the recording's length and quality.",
        )


def _is_flat_for_long(signal: RoleSignal) -> bool:
    """Whether seconds are flat, of which the band-pass leaves nothing but rounding.

    YASA takes features of them as of any signal, so only its own arithmetic gives its own stages.
    The same is true of what is missing, which shows in what the one-pass way gives.
    """
    samples, n = signal.signal_uv, int(FLAT_S / 2 * signal.fs_hz)
    end = len(samples) // n * n
    first, middle, last = (samples[at:end:n] for at in (0, n // 2, n - 1))
    for row in np.flatnonzero((first == middle) & (first == last)).tolist():
        stretch = samples[row * n : (row + 1) * n]
        if (stretch == stretch[0]).all():
            return True
    return False


def stage_features(
    derivations: Sequence[FeatureTable],
    classifier: TreeClassifier,
    demographics: Demographics | None = None,
) -> Probabilities:
    """The classifier's probabilities, shape (n_epochs, 5), in the order W N1 N2 N3 R."""
    table = {name: row for features in derivations for name, row in features.items()}
    n_epochs = len(next(iter(table.values())))
    table["time_hour"] = hours(n_epochs, EPOCH_S).astype(np.float32)
    table["time_norm"] = part_of_night(n_epochs).astype(np.float32)
    if demographics is not None:
        table["age"] = np.full(n_epochs, int(demographics.age_y), np.float32)
        table["male"] = np.full(n_epochs, demographics.sex == "M", np.float32)
    if table.keys() != set(classifier.feature_names):
        raise ValueError(f"classifier {classifier.name} does not take {sorted(table)}")
    return forest.probabilities(classifier, np.stack([table[n] for n in classifier.feature_names]))
