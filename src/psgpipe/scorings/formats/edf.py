"""Scorings as EDF+ or BDF+ annotations."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from psgpipe.edf.reader import read_annotations
from psgpipe.errors import RecordingUnreadable, ScoringInvalid
from psgpipe.model.header import Annotation, Finding
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.montage.label_table import fold_event
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.scorers_in_texts import scorers_of
from psgpipe.scorings.stage_texts import stages_among_events

HEADER_BYTES = 256
_ARTEFACTS = {fold_event(text) for text in ("artefact", "artifact")}
_ROUNDING_S = 1e-3
_COUNT = re.compile(rb"[0-9]+ *")


def recognise(head: bytes, _name: str) -> str | None:
    """Whether the bytes are a header of EDF or BDF: its two counts are where they must be."""
    if len(head) < HEADER_BYTES:
        return None
    header_bytes, n_signals = head[184:192], head[252:256]
    if not (_COUNT.fullmatch(header_bytes) and _COUNT.fullmatch(n_signals)):
        return None
    if int(header_bytes) != HEADER_BYTES * (int(n_signals) + 1):
        return None
    return "its header is one of EDF"


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages among the annotations; every other annotation is kept as it is."""
    try:
        header, annotations = read_annotations(path)
    except RecordingUnreadable as error:
        raise ScoringInvalid(f"the scoring {error.problem}", error.remedy) from error
    stages = _stages(annotations, options)
    used = {id(note) for note, _ in stages}
    others = [note for note in annotations if id(note) not in used]
    return Scoring(
        file=header.file,
        format=FORMAT.name,
        recognised_by=options.recognised_by,
        stages=tuple(stage for _, stage in stages),
        start=header.start,
        start_clock=header.start_clock,
        annotations=tuple(others),
        findings=tuple(
            Finding(f"scoring-{f.code}", f"in the scoring: {f.message}")
            for f in header.findings
            if f.channel is None
        ),
    )


def _stages(
    annotations: Sequence[Annotation], options: ReadOptions
) -> list[tuple[Annotation, ScoredStage]]:
    """The annotations that are stages, in the order of the file."""
    texts = [note.text for note in annotations]
    by_scorer = scorers_of(texts, options)
    named: Mapping[str, tuple[SleepStage, str | None]] = by_scorer or {
        text: (stage, None) for text, stage in stages_among_events(texts, options).items()
    }
    stages = [
        (note, ScoredStage(note.onset_s, note.duration_s, *_stage_of(note.text, named)))
        for note in annotations
        if note.text in named
    ]
    artefacts = _artefact_epochs(annotations, [stage for _, stage in stages])
    return sorted((*stages, *artefacts), key=lambda pair: pair[1].onset_s)


def _stage_of(
    text: str, named: Mapping[str, tuple[SleepStage, str | None]]
) -> tuple[SleepStage, str, str | None]:
    stage, scorer = named[text]
    return stage, text, scorer


def _artefact_epochs(
    annotations: Sequence[Annotation], stages: Sequence[ScoredStage]
) -> Iterator[tuple[Annotation, ScoredStage]]:
    """Artefacts in the place of a stage: as long as an epoch, where no stage is."""
    lengths_s = {stage.duration_s for stage in stages}
    if not stages or not all(lengths_s):
        return
    ends_s = sorted((s.onset_s, s.onset_s + (s.duration_s or 0.0)) for s in stages)
    onsets_s = [onset_s for onset_s, _ in ends_s]
    for note in annotations:
        duration_s = note.duration_s
        if duration_s not in lengths_s or not duration_s:
            continue
        if fold_event(note.text) not in _ARTEFACTS:
            continue
        before = bisect.bisect_left(onsets_s, note.onset_s + duration_s - _ROUNDING_S)
        if not before or ends_s[before - 1][1] <= note.onset_s + _ROUNDING_S:
            yield note, ScoredStage(note.onset_s, duration_s, SleepStage.ART, note.text)


FORMAT = ScoringFormat("edf", "EDF+ annotations", recognise, read)
