"""The reference stager: yasa itself.

Vallat R, Walker MP (2021). An open-source, high-performance tool for automated sleep staging.
eLife 10:e70092. https://doi.org/10.7554/eLife.70092
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from psgpipe.errors import StagerUnavailable
from psgpipe.model.conversions.to_yasa import YASA_NAMES, import_yasa
from psgpipe.model.hypnogram import SCORED
from psgpipe.model.montage import ROLES, Role
from psgpipe.model.staging import Demographics, Requirements, RoleSignal
from psgpipe.staging.installed_yasa import (
    classifier_name,
    newest_classifier,
    yasa_folder,
    yasa_version,
)

if TYPE_CHECKING:
    import mne.io

SUPPORTED_YASA = "0.8"
STAGING_FS_HZ = 100.0
ENGINE_PACKAGES = ("yasa", "lightgbm", "numpy", "scipy", "mne", "antropy", "pandas", "scikit-learn")


@dataclass(frozen=True)
class ReferenceStager:
    """yasa.SleepStaging, called as its documentation asks for.

    `why` is the reason where the fast engine was asked for and this one stages.
    """

    roles: tuple[Role, ...]
    with_demographics: bool = False
    why: str | None = None

    def requirements(self) -> Requirements:
        """What this stager needs and which classifier it will use; yasa is not imported."""
        name = classifier_name(self.roles, with_demographics=self.with_demographics)
        classifier = _classifier_file(name)
        return Requirements(
            classifier=classifier.name,
            classifier_sha256=hashlib.sha256(classifier.read_bytes()).hexdigest(),
            versions=engine_versions(),
            engine="reference",
            why=self.why,
        )

    def score(
        self,
        eegs: Iterable[RoleSignal],
        others: Iterable[RoleSignal],
        demographics: Demographics | None,
    ) -> list[npt.NDArray[np.float64]]:
        """Probabilities of W N1 N2 N3 R for every whole 30-s epoch, shape (n_epochs, 5).

        Signals are unfiltered, in microvolt, all of one duration; each EEG is staged on its own.
        Demographics are given if and only if `with_demographics`.
        """
        shared = list(others)
        return [self._score_one([eeg, *shared], demographics) for eeg in eegs]

    def _score_one(
        self, signals: Sequence[RoleSignal], demographics: Demographics | None
    ) -> npt.NDArray[np.float64]:
        SleepStaging = import_yasa().SleepStaging  # noqa: N806  # it is a class
        raw = _raw_at_100_hz(signals)
        names: dict[str, str | None] = dict.fromkeys(ROLES)
        names.update({s.role: s.role for s in signals})
        metadata = None
        if demographics is not None:
            metadata = {"age": demographics.age_y, "male": demographics.sex == "M"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            staging = SleepStaging(
                raw, names["eeg"], eog_name=names["eog"], emg_name=names["emg"], metadata=metadata
            )
            proba = staging.predict().proba
        return np.asarray(proba[[YASA_NAMES[stage] for stage in SCORED]], dtype=np.float64)


def engine_versions() -> dict[str, str]:
    """Versions of the packages that influence a stage; none of them is imported."""
    # Imported here: its own imports would take a tenth of the fast engine's import time.
    from importlib import metadata

    try:
        return {name: metadata.version(name) for name in ENGINE_PACKAGES}
    except metadata.PackageNotFoundError as error:
        raise StagerUnavailable(
            f"the staging engine needs the package {error.name}, which is not installed",
            "Install psgpipe again, with its dependencies.",
        ) from error


def _classifier_file(name: str) -> Path:
    folder = yasa_folder()
    version = yasa_version(folder)
    if not version.startswith(f"{SUPPORTED_YASA}."):
        raise StagerUnavailable(
            f"wanted yasa {SUPPORTED_YASA}, found {version}",
            f'Install it: pip install "yasa=={SUPPORTED_YASA}.*".',
        )
    return newest_classifier(folder, name)


def _raw_at_100_hz(signals: Sequence[RoleSignal]) -> mne.io.RawArray:
    """One Raw with a channel for each role, in volt, named by its role.

    yasa resamples everything to 100 Hz by MNE. One Raw has one rate: signals of different rates are
    resampled here, all others by yasa.
    """
    import mne

    def raw_of(signal: RoleSignal) -> mne.io.RawArray:
        info = mne.create_info([signal.role], signal.fs_hz, [signal.role])
        return mne.io.RawArray(signal.signal_uv[:][None, :] * 1e-6, info, verbose="error")

    raws = [raw_of(signal) for signal in signals]
    if len({signal.fs_hz for signal in signals}) > 1:
        raws = [
            raw if raw.info["sfreq"] == STAGING_FS_HZ else raw.resample(STAGING_FS_HZ, npad="auto")
            for raw in raws
        ]
        shortest = min(raw.n_times for raw in raws)
        raws = [
            mne.io.RawArray(raw.get_data()[:, :shortest], raw.info, verbose="error") for raw in raws
        ]
    return raws[0].add_channels(raws[1:]) if len(raws) > 1 else raws[0]
