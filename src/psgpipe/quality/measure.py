"""The measurement of one derivation's signal quality, before it is staged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.sampled_signal import LevelSource, SampledSignal
from psgpipe.quality.gain import gain_change
from psgpipe.quality.heartbeat import Heartbeat, heartbeat, spread_evenly
from psgpipe.quality.limits import QUALITY_LIMITS, QualityLimits
from psgpipe.quality.measures import DerivationQuality
from psgpipe.quality.rails import (
    NO_EPOCHS,
    FlatRuns,
    Levels,
    LevelSummary,
    RailedShares,
    concatenated,
    railed_shares,
    summarize_levels,
)
from psgpipe.quality.repeats import repeated_epochs
from psgpipe.quality.resolution import step_uv
from psgpipe.quality.spectrum import EpochSpectra, epoch_power, epoch_spectra
from psgpipe.signals.epoch_grid import EpochGrid, covered_grid
from psgpipe.signals.epochs import covered_epochs
from psgpipe.signals.quantiles import quantile

Marks = npt.NDArray[np.bool_]
PerEpoch = npt.NDArray[np.float64]


def measure(
    recording: SampledSignal,
    row: int = 0,
    limits: QualityLimits = QUALITY_LIMITS,
    *,
    channels: LevelSource | None = None,
    weights: Sequence[float] = (),
    epochs: range | None = None,
) -> DerivationQuality:
    """Quality of one derivation, over every epoch that is covered with samples.

    Amplitude, spectrum and heartbeat are measured in the epochs that are no artefact; flat, clipped
    and lost samples are counted in all of them.

    Parameters
    ----------
    recording
        Not filtered by psgpipe: a filter hides the rails.
    channels
        The channels that the derivation is built from, on the same clock and at the same rate. A
        difference hides that one of them is clipped or dead: C4-M1 with a dead C4 is -M1.
    weights
        How much of each channel the derivation has; all of it where not given.
    epochs
        Only these epochs are measured, for example the staging window: electrodes that hang from
        the recorder after the subject got up say nothing about the night.
    """
    kind, fs_hz = recording.kinds[row], recording.fs_hz
    covered = covered_epochs(recording)
    measured = covered & _is_in(epochs, len(covered))
    grid = covered_grid(recording, measured)
    runs = FlatRuns(*(max(2, round(s * fs_hz)) for s in (limits.flat_run_s, limits.held_run_s)))
    summary, power = _summarize(recording, row, grid, runs)
    is_finite = np.isfinite(summary.highest) & np.isfinite(summary.lowest)
    finite = measured.copy()
    finite[measured] = is_finite
    spectra = epoch_spectra(power[is_finite], fs_hz)
    usable = grid.of(is_finite)
    own, built_from = (recording, row), _rows(channels)
    summaries = [summary.of(is_finite), *(_level_summary(*r, usable, runs) for r in built_from)]
    flat = np.maximum.reduce([summary.flat for summary in summaries])
    if kind != "emg":
        flat[spectra.sd_uv < limits.flat_sd_uv] = 1.0
    shares = [
        railed_shares(summary, usable, _levels(*levels))
        for summary, levels in zip(summaries, (own, *built_from), strict=True)
    ]
    railed = RailedShares(*np.maximum.reduce(shares))
    unusable = _unusable(flat, railed, spectra, limits)
    repeated = _repeated(built_from or [own], usable, ~unusable)
    unusable |= repeated
    live = spectra.of(~unusable)
    held = np.maximum.reduce([summary.held for summary in summaries])
    gain = gain_change(power[is_finite][~unusable], fs_hz) if kind in ("eeg", "eog") else None
    live_epochs = np.flatnonzero(finite)[~unusable]
    beat = _heartbeat(recording, row, usable.of(~unusable))
    return DerivationQuality(
        derivation=recording.derivations[row],
        kind=kind,
        fs_hz=fs_hz,
        duration_s=recording.duration_s,
        covered_epochs=int(measured.sum()),
        not_finite_samples=_not_finite(recording, row, grid.of(~is_finite)),
        median_epoch_sd_uv=_median(live.sd_uv if len(live.sd_uv) else spectra.sd_uv),
        sd_spread=_spread(live.sd_uv),
        flat_pct=_mean_pct(flat),
        clipped_pct=_mean_pct(np.maximum(railed.clipped - flat, 0)),
        dropout_pct=_mean_pct(railed.dropped),
        repeated_pct=_mean_pct(repeated.astype(np.float64)),
        spectral_slope=_median(live.slope),
        high_share=_median(live.high_share),
        mains_share=_median(live.mains_share),
        noise_pct=_mean_pct(_noise(live, limits)),
        heartbeat_regularity=beat.regularity if beat else None,
        heartbeat_kurtosis=beat.kurtosis if beat else None,
        eeg_likeness=_median(live.eeg_likeness),
        held_pct=_mean_pct(held[~unusable]),
        step_uv=step_uv(built_from or [own], usable, weights),
        gain_change=gain.factor if gain else None,
        gain_change_h=float(live_epochs[gain.epoch]) * EPOCH_S / 3600 if gain else None,
        artefact_epochs=_numbers(measured & ~finite, finite, unusable),
        unscored_epochs=tuple(np.flatnonzero(~covered).tolist()),
    )


def _is_in(epochs: range | None, n_epochs: int) -> Marks:
    marks = np.full(n_epochs, epochs is None)
    if epochs is not None:
        marks[epochs.start : epochs.stop] = True
    return marks


def _rows(source: LevelSource | None) -> list[tuple[LevelSource, int]]:
    return [(source, row) for row in range(source.n_rows)] if source else []


def _levels(source: LevelSource, row: int) -> Callable[[slice], Levels]:
    return lambda columns: source.levels(columns, row)


def _summarize(
    recording: SampledSignal, row: int, grid: EpochGrid, runs: FlatRuns
) -> tuple[LevelSummary, npt.NDArray[np.float32]]:
    """Level summary and power of every epoch, in one pass."""
    summaries, powers = [NO_EPOCHS], []
    for piece in grid.pieces():
        epochs_uv = piece.take(lambda columns: recording.samples_uv(columns, row))
        levels = piece.take(_levels(recording, row)) if recording.is_digital else epochs_uv
        summaries.append(summarize_levels(levels, runs))
        powers.append(epoch_power(epochs_uv, recording.fs_hz))
    return concatenated(summaries), np.concatenate(powers or [np.empty((0, 0), np.float32)])


def _level_summary(source: LevelSource, row: int, grid: EpochGrid, runs: FlatRuns) -> LevelSummary:
    levels = _levels(source, row)
    summaries = (summarize_levels(piece.take(levels), runs) for piece in grid.pieces())
    return concatenated([NO_EPOCHS, *summaries])


def _repeated(rows: list[tuple[LevelSource, int]], grid: EpochGrid, usable: Marks) -> Marks:
    """Epochs in which one of these rows repeats itself."""
    marks = np.zeros(len(usable), bool)
    for source, row in rows:
        marks[usable] |= repeated_epochs(grid.of(usable), _levels(source, row))
    return marks


def _not_finite(recording: SampledSignal, row: int, grid: EpochGrid) -> int:
    epochs = (recording.samples_uv(grid.columns_of(e), row) for e in range(len(grid.columns)))
    return sum(int(np.count_nonzero(~np.isfinite(epoch_uv))) for epoch_uv in epochs)


def _heartbeat(recording: SampledSignal, row: int, grid: EpochGrid) -> Heartbeat | None:
    if not len(grid.columns):
        return None
    some = grid.of(spread_evenly(len(grid.columns)))
    epochs_uv = some.take(lambda columns: recording.samples_uv(columns, row))
    return heartbeat(epochs_uv, recording.fs_hz)


def _unusable(
    flat: PerEpoch, railed: RailedShares, spectra: EpochSpectra, limits: QualityLimits
) -> Marks:
    """Epochs that hold no signal to stage."""
    too_flat = 100 * flat >= limits.artefact_flat_pct
    too_railed = 100 * (railed.clipped + railed.dropped) >= limits.artefact_railed_pct
    marks: Marks = too_flat | too_railed | (spectra.sd_uv > limits.artefact_sd_uv)
    return marks


def _noise(spectra: EpochSpectra, limits: QualityLimits) -> PerEpoch:
    white = (spectra.slope > limits.refuse_slope_above) & (
        spectra.high_share > limits.slope_high_share
    )
    return (white | (spectra.high_share > limits.refuse_high_share)).astype(np.float64)


def _numbers(not_finite: Marks, finite: Marks, unusable: Marks) -> tuple[int, ...]:
    artefact = not_finite.copy()
    artefact[finite] = unusable
    return tuple(np.flatnonzero(artefact).tolist())


def _median(values: PerEpoch) -> float | None:
    return quantile(values, 0.5) if len(values) else None


def _spread(values: PerEpoch) -> float | None:
    if not len(values):
        return None
    low, high = quantile(values, 0.1), quantile(values, 0.9)
    return high / low if low > 0 else None


def _mean_pct(share: PerEpoch) -> float | None:
    return 100 * float(share.mean()) if len(share) else None
