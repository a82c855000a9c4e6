"""Staging as YASA does it, without YASA: its features, its smoothing, its trees."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.errors import RateTooLow, TooShort
from psgpipe.model.classifier import TreeClassifier
from psgpipe.science import trees
from psgpipe.science.fused_resampling import can_fuse, resample_band_pass
from psgpipe.science.resampling import resample
from psgpipe.science.yasa_band import EPOCH_S, FS_HZ, band_pass
from psgpipe.science.yasa_features import epoch_features
from psgpipe.science.yasa_smoothing import around_7_min, hours, part_of_night, past_2_min

Signal = npt.NDArray[np.float64]
Probabilities = npt.NDArray[np.float64]
LOWEST_FS_HZ = 80.0
"""YASA wants more than this."""
FLAT_S = 4.0
"""A flat stretch of this length is found wherever it begins."""
FeatureTable = dict[str, npt.NDArray[np.float32]]
"""YASA's name of each feature, its value in each epoch."""


class Trace(NamedTuple):
    """One derivation: shape (n_samples,), microvolt, unfiltered, at its own sampling rate."""

    signal_uv: Signal
    fs_hz: float


def stage_fast(
    eegs: Sequence[Trace],
    classifier: TreeClassifier,
    *,
    eog: Trace | None = None,
    emg: Trace | None = None,
    age_y: float | None = None,
    male: bool | None = None,
) -> list[Probabilities]:
    """YASA's probability of each stage in each epoch, once for every EEG derivation.

    EOG and EMG are worked out once, whatever the number of EEG derivations.

    Parameters
    ----------
    classifier : the one for just these inputs.

    Returns
    -------
    For each EEG shape (n_epochs, 5), in the order W N1 N2 N3 R.
    """
    others = {kind: trace for kind, trace in (("eog", eog), ("emg", emg)) if trace is not None}
    shared = [derivation_features(trace, kind) for kind, trace in others.items()]
    return [
        stage_features(
            [derivation_features(trace, "eeg"), *shared], classifier, age_y=age_y, male=male
        )
        for trace in eegs
    ]


def derivation_features(trace: Trace, kind: str) -> FeatureTable:
    """Everything YASA takes from one derivation: its features, and two smoothed copies of each.

    Parameters
    ----------
    kind : ``eeg``, ``eog`` or ``emg``.
    """
    raw = epoch_features(filtered_100_hz(trace), kind)
    rows = np.stack(list(raw.values()))
    table = {"": rows, "_c7min_norm": around_7_min(rows), "_p2min_norm": past_2_min(rows)}
    return {
        f"{kind}_{name}{suffix}": row
        for suffix, values in table.items()
        for name, row in zip(raw, values.astype(np.float32), strict=True)
    }


def filtered_100_hz(trace: Trace) -> Signal:
    """What YASA computes its features from: 100 Hz, 0.4-30 Hz, microvolt.

    Raises
    ------
    RateTooLow
        80 Hz or less.
    TooShort
        Less than one epoch.
    """
    _require_enough(trace)
    if can_fuse(len(trace.signal_uv), trace.fs_hz) and not _leaves_only_rounding(trace):
        return resample_band_pass(trace.signal_uv, trace.fs_hz)
    # Through volts and back, as YASA's MNE object does: a multiplication more, the same rounding.
    if trace.fs_hz == FS_HZ:
        return band_pass(trace.signal_uv * 1e-6 * 1e6)
    return band_pass(resample(trace.signal_uv, trace.fs_hz, scale=1e-6) * 1e6)


def _require_enough(trace: Trace) -> None:
    if trace.fs_hz <= LOWEST_FS_HZ:
        raise RateTooLow(
            f"more than {LOWEST_FS_HZ:g} Hz is wanted for staging and {trace.fs_hz:g} Hz is there",
            "Choose a derivation that was sampled faster.",
        )
    duration_s = len(trace.signal_uv) / trace.fs_hz
    if duration_s < EPOCH_S:
        raise TooShort(
            f"one epoch of {EPOCH_S} s is wanted and {duration_s:.3g} s are there",
            "Leave this recording out.",
        )


def _leaves_only_rounding(trace: Trace) -> bool:
    """Whether seconds are flat or missing, of which the band-pass leaves nothing but rounding.

    YASA takes features of them as of any signal, so only its own arithmetic gives its own stages.
    """
    n = int(FLAT_S / 2 * trace.fs_hz)
    rows = trace.signal_uv[: len(trace.signal_uv) // n * n].reshape(-1, n)
    maybe_flat = rows[(rows[:, 0] == rows[:, n // 2]) & (rows[:, 0] == rows[:, -1])]
    flat = (maybe_flat == maybe_flat[:, :1]).all(axis=1).any()
    return bool(flat) or not bool(np.isfinite(trace.signal_uv.sum()))


def stage_features(
    derivations: Sequence[FeatureTable],
    classifier: TreeClassifier,
    *,
    age_y: float | None = None,
    male: bool | None = None,
) -> Probabilities:
    """The classifier's probabilities, shape (n_epochs, 5), in the order W N1 N2 N3 R.

    Raises
    ------
    ValueError
        The features are not those that the classifier was trained on.
    """
    table = {name: row for features in derivations for name, row in features.items()}
    n_epochs = len(next(iter(table.values())))
    table["time_hour"] = hours(n_epochs, EPOCH_S).astype(np.float32)
    table["time_norm"] = part_of_night(n_epochs).astype(np.float32)
    if age_y is not None and male is not None:
        table["age"] = np.full(n_epochs, int(age_y), np.float32)
        table["male"] = np.full(n_epochs, int(male), np.float32)
    if table.keys() != set(classifier.feature_names):
        raise ValueError(f"classifier {classifier.name} for {sorted(table)}")
    return trees.probabilities(classifier, np.stack([table[n] for n in classifier.feature_names]))
