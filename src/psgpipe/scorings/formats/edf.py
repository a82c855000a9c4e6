"""Scorings as EDF+ or BDF+ annotations."""

from __future__ import annotations

import re
from pathlib import Path

from psgpipe.edf.reader import read_annotations
from psgpipe.errors import RecordingUnreadable, ScoringInvalid
from psgpipe.model.header import Annotation, Finding
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.stage_texts import stages_among_events

HEADER_BYTES = 256
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
    named = stages_among_events((note.text for note in annotations), options)
    stages = [
        ScoredStage(note.onset_s, note.duration_s, named[note.text], note.text)
        for note in annotations
        if note.text in named
    ]
    others: list[Annotation] = [note for note in annotations if note.text not in named]
    return Scoring(
        file=header.file,
        format=FORMAT.name,
        recognised_by=options.recognised_by,
        stages=tuple(stages),
        start=header.start,
        start_clock=header.start_clock,
        annotations=tuple(others),
        findings=tuple(
            Finding(f"scoring-{f.code}", f"in the scoring: {f.message}")
            for f in header.findings
            if f.channel is None
        ),
    )


FORMAT = ScoringFormat("edf", "EDF+ annotations", recognise, read)
