"""Nights for the fast engine, with yasa's own results."""

import warnings

import numpy as np

from psgpipe.model.montage import ROLES
from psgpipe.model.staging import RoleSignal
from psgpipe.simulation.night import simulate_night
from psgpipe.staging.fast.engine import derivation_features
from psgpipe.staging.stager import FastStager

STAGES = ("WAKE", "N1", "N2", "N3", "REM")


def simulated(seed=0, *, hours=1.0, fs_hz=100, roles=ROLES):
    """The EEG, EOG and EMG of a simulated night, by role."""
    recording = simulate_night(seed, hours=hours, fs_hz=fs_hz).recording
    rows = {kind: row for row, kind in reversed(list(enumerate(recording.kinds)))}
    return {
        role: RoleSignal(role, np.array(recording.signals_uv[rows[role]]), float(fs_hz))
        for role in roles
    }


def changed(signals, role, change):
    """The same night with `change` applied to one signal."""
    old = signals[role]
    values = np.array(old.signal_uv)
    new = change(values)
    return {**signals, role: RoleSignal(role, values if new is None else new, old.fs_hz)}


def fast(signals, demographics=None):
    """The fast engine's probabilities, shape (n_epochs, 5)."""
    stager = FastStager(tuple(signals), with_demographics=demographics is not None)
    others = [signal for role, signal in signals.items() if role != "eeg"]
    (probabilities,) = stager.score([signals["eeg"]], others, demographics)
    return probabilities


def fast_features(signals):
    """The fast engine's features by name."""
    tables = [derivation_features(signal) for signal in signals.values()]
    return {name: row.astype(float) for table in tables for name, row in table.items()}


def yasa_itself(signals, demographics=None):
    """A fitted ``yasa.SleepStaging``, its probabilities and its stages, W N1 N2 N3 R as 0 to 4."""
    staging = _yasa_staging(signals, demographics)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hypnogram = staging.fit().predict()
    stages = [STAGES.index(stage) for stage in hypnogram.hypno]
    return staging, hypnogram.proba[list(STAGES)].to_numpy(), np.array(stages)


def _yasa_staging(signals, demographics):
    import mne
    import yasa

    names = list(signals)
    (fs_hz,) = {signal.fs_hz for signal in signals.values()}
    info = mne.create_info(names, fs_hz, names)
    volts = np.stack([signal.signal_uv for signal in signals.values()]) * 1e-6
    metadata = None
    if demographics is not None:
        metadata = {"age": demographics.age_y, "male": demographics.sex == "M"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return yasa.SleepStaging(
            mne.io.RawArray(volts, info, verbose="error"),
            "eeg",
            eog_name="eog" if "eog" in signals else None,
            emg_name="emg" if "emg" in signals else None,
            metadata=metadata,
        )


def disagreement(signals, demographics=None):
    """Largest difference in probability of each epoch, and number of epochs with another stage."""
    _, expected, stages = yasa_itself(signals, demographics)
    found = fast(signals, demographics)
    return np.abs(found - expected).max(axis=1), int((found.argmax(axis=1) != stages).sum())
