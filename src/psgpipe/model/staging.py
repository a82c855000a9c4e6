"""Staging: the signals that a stager takes, its requirements, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import Hypnodensity, Hypnogram
from psgpipe.model.montage import Role
from psgpipe.model.night import Sex
from psgpipe.model.sampled_signal import Band, Columns

Engine = Literal["fast", "reference"]
YASA_BAND_HZ = Band(0.4, 30.0)


@dataclass(frozen=True)
class Demographics:
    """Age and sex; a stager takes both or neither."""

    age_y: float
    sex: Sex


class Samples(Protocol):
    """A row of samples: an array, or an object that computes samples when they are read."""

    def __len__(self) -> int:
        """The number of samples."""

    def __getitem__(self, at: Columns, /) -> npt.NDArray[np.float64]:
        """Some of them as an array; ``samples[:]`` is all."""


@dataclass(frozen=True, eq=False)
class RoleSignal:
    """One derivation's signal as a stager takes it: shape (n_samples,), unfiltered, microvolt."""

    role: Role
    signal_uv: Samples
    fs_hz: float


@dataclass(frozen=True)
class Requirements:
    """What a stager needs, and exactly what will stage.

    `classifier` is the file in the installed yasa. `versions` has every package that influences the
    result. `why` is the reason where `engine` is not the one that was asked for. Signals must be
    sampled faster than `min_fs_hz`; one that no longer holds `band_hz` was filtered and must not be
    staged.
    """

    classifier: str
    classifier_sha256: str
    versions: Mapping[str, str]
    engine: Engine
    why: str | None = None
    min_fs_hz: float = 80.0
    band_hz: Band = YASA_BAND_HZ
    min_s: float = 30.0


@dataclass(frozen=True, eq=False)
class Staging:
    """The stages of every epoch of one recording and how they were obtained.

    The staging window includes `first_epoch` and not `last_epoch`. `engine` is what the manifest
    says of it: name, versions, classifier and its hash. `notes` are what a reader should know, one
    sentence each. `disagreement`, shape (n_epochs,), is the share of the EEG derivations whose own
    stage is another: NaN where not staged, None where one derivation was staged. `is_chain`: the
    stages of neighbouring epochs counted, so that changes of stage are too few.
    """

    hypnogram: Hypnogram
    hypnodensity: Hypnodensity
    first_epoch: int
    last_epoch: int
    engine: dict[str, Any]
    notes: tuple[str, ...] = ()
    disagreement: npt.NDArray[np.float64] | None = None
    is_chain: bool = False
