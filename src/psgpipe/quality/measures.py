"""The quality measures of a derivation."""

from __future__ import annotations

from dataclasses import dataclass, fields

STANDS_STILL = 1e-3
"""A signal that is smaller than this share of its step stands still."""


@dataclass(frozen=True)
class DerivationQuality:
    """Quality of one derivation; None where there is nothing to measure.

    Attributes
    ----------
    duration_s
        Seconds of signal without gaps.
    covered_epochs
        Number of 30-s epochs wholly covered with samples.
    not_finite_samples
        Number of samples that are NaN or infinite.
    median_epoch_sd_uv
        Of 0.5-35 Hz.
    sd_spread
        90th percentile of the epochs' SD over the 10th: sleep changes, noise does not.
    flat_pct
        Share of samples in flat stretches, or in epochs below the flat limit.
    clipped_pct
        Share of samples at the highest or lowest value of the night, flat stretches excepted.
    dropout_pct
        Share of samples lost: they fell to the lowest value at once.
    held_pct
        Share of samples, in the epochs that are no artefact, in which the signal stands still for a
        quarter of a second or longer: lost samples that were filled in.
    repeated_pct
        Share of epochs that are, sample for sample, signal recorded before.
    spectral_slope, high_share, mains_share, eeg_likeness
        Medians over epochs, see :class:`psgpipe.quality.spectrum.EpochSpectra`.
    noise_pct
        Share of epochs that look like noise by slope or high share.
    heartbeat_regularity, heartbeat_kurtosis
        See :class:`psgpipe.quality.heartbeat.Heartbeat`.
    step_uv
        From one value of the samples to the next (:mod:`psgpipe.quality.resolution`).
    gain_change, gain_change_h
        Largest factor between one hour and the next that the spectrum does not explain, and hours
        from the start of the recording to it (:mod:`psgpipe.quality.gain`). Of EEG and EOG.
    eeg_in_emg
        Share of an EMG's power that the channels of EEG and EOG explain.
    artefact_epochs
        Numbers of the epochs with signal that cannot be staged.
    unscored_epochs
        Numbers of the epochs that are not wholly covered with samples: gaps, the tail.
    """

    derivation: str
    kind: str
    fs_hz: float
    duration_s: float
    covered_epochs: int
    not_finite_samples: int
    median_epoch_sd_uv: float | None
    sd_spread: float | None
    flat_pct: float | None
    clipped_pct: float | None
    dropout_pct: float | None
    repeated_pct: float | None
    spectral_slope: float | None
    high_share: float | None
    mains_share: float | None
    noise_pct: float | None
    heartbeat_regularity: float | None
    heartbeat_kurtosis: float | None
    eeg_likeness: float | None
    held_pct: float | None = None
    step_uv: float | None = None
    gain_change: float | None = None
    gain_change_h: float | None = None
    eeg_in_emg: float | None = None
    artefact_epochs: tuple[int, ...] = ()
    unscored_epochs: tuple[int, ...] = ()

    @property
    def artefact_pct(self) -> float | None:
        """Share of the covered epochs that are artefacts."""
        n_epochs = self.covered_epochs
        return 100 * len(self.artefact_epochs) / n_epochs if n_epochs else None

    @property
    def step_over_sd(self) -> float | None:
        """The step of the samples over the median epoch SD; None where the signal stands still."""
        if self.step_uv is None or self.median_epoch_sd_uv is None:
            return None
        if self.median_epoch_sd_uv < STANDS_STILL * self.step_uv:
            return None
        return self.step_uv / self.median_epoch_sd_uv

    def measures(self) -> dict[str, float | None]:
        """Every number by name, for ``QualityReport.measures``."""
        apart = {"derivation", "kind", "artefact_epochs", "unscored_epochs"}
        names = (field.name for field in fields(self) if field.name not in apart)
        numbers: dict[str, float | None] = {name: getattr(self, name) for name in names}
        return numbers | {"artefact_pct": self.artefact_pct, "step_over_sd": self.step_over_sd}
