"""Measure every derivation and judge it before anything is staged: a stager takes anything."""

from __future__ import annotations

from collections.abc import Iterable

from psgpipe.model.opened import OpenedNight
from psgpipe.model.recording import Recording
from psgpipe.model.summary import QualityReport
from psgpipe.science.quality import judge, judge_eog_against_eeg, measure
from psgpipe.science.quality_rules import QualityRules
from psgpipe.steps.step import Step


def check_quality(
    opened: OpenedNight,
    recorded: tuple[Recording, ...],
    referenced: tuple[Recording, ...],
    params: QualityRules,
) -> QualityReport:
    """Measures, flags and the epochs that must not be staged, over all derivations.

    Only the staging window counts: electrodes that hang from the recorder before lights off or
    after lights on say nothing about the night. A derivation built by subtraction is judged with
    the channels it is built from.
    """
    measured = [
        measure(
            recording,
            rules=params,
            channels=_channels(derivation.labels, recorded),
            epochs=opened.window,
        )
        for derivation, recording in zip(opened.montage.derivations, referenced, strict=True)
    ]
    flags = [flag for quality in measured for flag in judge(quality, params)]
    first = {quality.kind: quality for quality in reversed(measured)}
    if "eeg" in first and "eog" in first:
        flags += judge_eog_against_eeg(first["eeg"], first["eog"], params)
    return QualityReport(
        measures={quality.derivation: quality.measures() for quality in measured},
        flags=tuple(flags),
        artefact_epochs=_any_of(quality.artefact_epochs for quality in measured),
        unscored_epochs=_any_of(quality.unscored_epochs for quality in measured),
    )


def _channels(labels: tuple[str, ...], recorded: tuple[Recording, ...]) -> Recording | None:
    """What a derivation was built from, or None where it is a channel as recorded."""
    if len(labels) == 1:
        return None
    return next(r.pick(*labels) for r in recorded if set(labels) <= set(r.derivations))


def _any_of(epochs: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(sorted({epoch for some in epochs for epoch in some}))


STEP = Step(
    "check_quality",
    "1",
    ("opened", "recorded", "referenced"),
    "quality",
    QualityRules,
    check_quality,
)
