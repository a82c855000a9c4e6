"""What a stager is given and what staging a night came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import Hypnodensity, Hypnogram
from psgpipe.model.montage import Role
from psgpipe.model.night import Sex


@dataclass(frozen=True)
class Demographics:
    """Age and sex, both known: a stager takes both or neither."""

    age_y: float
    sex: Sex


@dataclass(frozen=True, eq=False)
class RoleSignal:
    """One derivation's signal as a stager takes it.

    Attributes
    ----------
    role : ``eeg``, ``eog`` or ``emg``.
    signal_uv : float64, shape (n_samples,), unfiltered, microvolt.
    fs_hz : its sampling rate.
    """

    role: Role
    signal_uv: npt.NDArray[np.float64]
    fs_hz: float


@dataclass(frozen=True, eq=False)
class Staging:
    """Stages of one night and how they were come by.

    Attributes
    ----------
    hypnogram, hypnodensity : for every epoch of the recording.
    first_epoch, last_epoch : the staging window, first included, last not.
    engine : name, versions, classifier and its hash, for the manifest.
    notes : what a reader should know, one sentence each.
    """

    hypnogram: Hypnogram
    hypnodensity: Hypnodensity
    first_epoch: int
    last_epoch: int
    engine: dict[str, Any]
    notes: tuple[str, ...] = ()
