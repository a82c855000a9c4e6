"""The step *check_quality*: measure and judge every derivation before it is staged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from psgpipe.model.derived_signal import DerivedSignal
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.summary import QualityFlag, QualityReport
from psgpipe.night.steps.step import Step
from psgpipe.quality.completeness import completeness, judge_completeness
from psgpipe.quality.duplicates import correlations
from psgpipe.quality.eeg_in_emg import explained_share
from psgpipe.quality.flags import judge, judge_copy, judge_eog_against_eeg
from psgpipe.quality.limits import QualityLimits
from psgpipe.quality.measure import measure
from psgpipe.quality.measures import DerivationQuality
from psgpipe.signals.epochs import epoch_count, in_bed


def check_quality(
    opened: OpenedNight, referenced: tuple[DerivedSignal, ...], params: QualityLimits
) -> QualityReport:
    """Measures, flags and the epochs that must not be staged, over all derivations.

    Only the staging window counts: electrodes that hang from the recorder before lights off or
    after lights on say nothing about the night. A derivation built by subtraction is judged with
    the channels it is built from.
    """
    measured = [
        measure(
            signal,
            limits=params,
            # A channel as recorded shows everything itself.
            channels=None if signal.is_one_channel else signal.channels,
            weights=() if signal.is_one_channel else [t.weight for t in signal.derivation.terms],
            epochs=opened.window,
        )
        for signal in referenced
    ]
    living = _living(opened.window, measured)
    measured = [
        _with_eeg_in_emg(quality, signal, referenced, living)
        for quality, signal in zip(measured, referenced, strict=True)
    ]
    flags = [flag for quality in measured for flag in judge(quality, params)]
    first = {quality.kind: quality for quality in reversed(measured)}
    if "eeg" in first and "eog" in first:
        flags += judge_eog_against_eeg(first["eeg"], first["eog"], params)
    for one, other, correlation in correlations(referenced, living):
        flags += judge_copy(one, other, correlation, params)
    artefact = _any_of(quality.artefact_epochs for quality in measured)
    unscored = _any_of(quality.unscored_epochs for quality in measured)
    flags += _judge_completeness(opened, referenced, (*artefact, *unscored), params)
    return QualityReport(
        measures={quality.derivation: quality.measures() for quality in measured},
        flags=tuple(flags),
        artefact_epochs=artefact,
        unscored_epochs=unscored,
    )


def _with_eeg_in_emg(
    quality: DerivationQuality,
    signal: DerivedSignal,
    referenced: tuple[DerivedSignal, ...],
    epochs: npt.NDArray[np.int_],
) -> DerivationQuality:
    """The quality of an EMG with its share of EEG and EOG; any other as it is."""
    if quality.kind != "emg":
        return quality
    others = {
        label: (other.channels, row)
        for other in referenced
        if other.derivation.role != "emg"
        for row, label in enumerate(other.channels.labels)
    }
    share = explained_share((signal, 0), [*others.values()], epochs)
    return replace(quality, eeg_in_emg=share)


def _judge_completeness(
    opened: OpenedNight,
    referenced: tuple[DerivedSignal, ...],
    unusable_epochs: Sequence[int],
    params: QualityLimits,
) -> tuple[QualityFlag, ...]:
    """Flags of a night that is not complete, from lights off to lights on."""
    lights, n_epochs = opened.lights, epoch_count(opened.header.span_s)
    can_be_staged = np.ones(n_epochs, bool)
    can_be_staged[[epoch for epoch in unusable_epochs if epoch < n_epochs]] = False
    labels = opened.montage.labels
    about_channels = (f for r in referenced for f in r.channels.findings if f.channel in labels)
    about_file = (f for f in opened.findings if f.channel is None)
    findings = [*dict.fromkeys((*about_file, *about_channels))]
    missing_end_s = max((f.missing_end_s for f in findings), default=0.0)
    night = completeness(
        in_bed(n_epochs, lights.off_s, lights.on_s),
        can_be_staged,
        missing_end_s if lights.on_source == "recording" else 0.0,
    )
    return judge_completeness(night, findings, params)


def _living(window: range, measured: Iterable[DerivationQuality]) -> npt.NDArray[np.int_]:
    """The epochs that are fit to be staged in every derivation."""
    unfit = {
        e for quality in measured for e in (*quality.artefact_epochs, *quality.unscored_epochs)
    }
    return np.array([epoch for epoch in window if epoch not in unfit], dtype=int)


def _any_of(epochs: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(sorted({epoch for some in epochs for epoch in some}))


STEP = Step("check_quality", "3", ("opened", "referenced"), "quality", QualityLimits, check_quality)
