"""Measure every derivation and judge it before anything is staged: a stager takes anything."""

from __future__ import annotations

from collections.abc import Iterable

from psgpipe.model.derived import DerivedSignal
from psgpipe.model.opened import OpenedNight
from psgpipe.model.summary import QualityReport
from psgpipe.science.quality import judge, judge_eog_against_eeg, measure
from psgpipe.science.quality_rules import QualityRules
from psgpipe.steps.step import Step


def check_quality(
    opened: OpenedNight,
    referenced: tuple[DerivedSignal, ...],
    params: QualityRules,
) -> QualityReport:
    """Measures, flags and the epochs that must not be staged, over all derivations.

    Only the staging window counts: electrodes that hang from the recorder before lights off or
    after lights on say nothing about the night. A derivation built by subtraction is judged with
    the channels it is built from.
    """
    measured = [
        measure(
            signal,
            rules=params,
            # A channel as recorded shows everything itself.
            channels=None if signal.is_digital else signal.channels,
            epochs=opened.window,
        )
        for signal in referenced
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


def _any_of(epochs: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(sorted({epoch for some in epochs for epoch in some}))


STEP = Step(
    "check_quality",
    "2",
    ("opened", "referenced"),
    "quality",
    QualityRules,
    check_quality,
)
