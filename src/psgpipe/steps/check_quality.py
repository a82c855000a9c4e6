"""Measure every derivation and judge it before anything is staged: a stager takes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from psgpipe.model.opened import OpenedNight
from psgpipe.model.recording import Recording
from psgpipe.model.summary import QualityFlag, QualityReport
from psgpipe.science.quality import measure
from psgpipe.science.quality_judge import judge, judge_eog_against_eeg
from psgpipe.science.quality_measures import DerivationQuality
from psgpipe.science.quality_rules import QualityRules
from psgpipe.steps.step import Step

CONTACT_CODES = ("not-finite", "flat", "clipped", "dropout")
"""What one electrode alone can spoil: a difference of two hides it."""


def check_quality(
    opened: OpenedNight,
    recorded: tuple[Recording, ...],
    referenced: tuple[Recording, ...],
    params: QualityRules,
) -> QualityReport:
    """Measures, flags and the epochs that must not be staged, over all derivations.

    A derivation built by subtraction is judged with the channels it is built from: against a dead
    electrode it would look like a signal and be another derivation.
    """
    measured = [measure(recording, rules=params) for recording in referenced]
    flags = [flag for quality in measured for flag in judge(quality, params)]
    parts: list[DerivationQuality] = []
    for derivation in opened.montage.derivations:
        if len(derivation.terms) > 1:
            for label, channel in _channels(derivation.labels, recorded):
                part = measure(replace(channel, kinds=(derivation.role,)), rules=params)
                parts.append(part)
                flags += _contact_flags(part, derivation.name, label, params)
    by_kind = {quality.kind: quality for quality in measured}
    if "eeg" in by_kind and "eog" in by_kind:
        flags += judge_eog_against_eeg(by_kind["eeg"], by_kind["eog"], params)
    everything = [*measured, *parts]
    return QualityReport(
        measures={quality.derivation: quality.measures() for quality in measured},
        flags=tuple(flags),
        artefact_epochs=tuple(sorted({e for q in everything for e in q.artefact_epochs})),
        unscored_epochs=tuple(sorted({e for q in measured for e in q.unscored_epochs})),
    )


def _channels(
    labels: tuple[str, ...], recorded: tuple[Recording, ...]
) -> Iterator[tuple[str, Recording]]:
    for label in labels:
        source = next(r for r in recorded if label in r.derivations)
        yield label, source.pick(label)


def _contact_flags(
    part: DerivationQuality, derivation: str, label: str, rules: QualityRules
) -> Iterator[QualityFlag]:
    """The channel's own faults, laid to the derivation that is built from it."""
    for flag in judge(part, rules):
        if flag.code in CONTACT_CODES:
            yield replace(flag, message=f"{label}: {flag.message}", derivation=derivation)


STEP = Step(
    "check_quality",
    "1",
    ("opened", "recorded", "referenced"),
    "quality",
    QualityRules,
    check_quality,
)
