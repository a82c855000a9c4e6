"""An expert's scoring, read from the annotations of an EDF+ file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from psgpipe.edf.reader import read_annotations
from psgpipe.errors import RecordingUnsuitable
from psgpipe.model.header import Annotation
from psgpipe.model.hypnogram import EPOCH_S, Hypnogram, SleepStage
from psgpipe.model.montage import LabelTable
from psgpipe.montage.event_labels import read_stage

_ON_THE_GRID_S = 1e-3


class ScoringInvalid(RecordingUnsuitable):
    """A scoring file holds no stages, or stages that do not lie on 30-s epochs."""


def read_scoring(path: str | Path, label_table: LabelTable | None = None) -> Hypnogram:
    """The hypnogram in an EDF+ annotation file, counted from the file's start.

    Stage annotations of any multiple of 30 s are spread over their epochs; R&K stages become AASM
    stages by the label tables (3 and 4 are N3, movement time is ART). An epoch without annotation
    is UNS. Annotations that name no stage are passed over.

    Raises
    ------
    psgpipe.errors.RecordingUnreadable
        The file cannot be read.
    ScoringInvalid
        No stages, or an onset or duration off the 30-s grid.
    """
    header, annotations = read_annotations(path)
    staged = [(note, read_stage(note.text, label_table)) for note in annotations]
    scored = [(note, stage) for note, stage in staged if stage is not None]
    if not scored:
        raise ScoringInvalid(
            f"{header.file}: no annotation names a sleep stage",
            "Check that it is the scoring, or name its spellings under [stages] in a label table.",
        )
    stages: list[SleepStage] = []
    for first, last, stage in _epochs(scored, header.file):
        stages += [SleepStage.UNS] * (last - len(stages))
        stages[first:last] = [stage] * (last - first)
    return Hypnogram(tuple(stages), start=header.start, start_clock=header.start_clock)


def _epochs(
    scored: Iterable[tuple[Annotation, SleepStage]], file: str
) -> Iterable[tuple[int, int, SleepStage]]:
    """First and last epoch (not included) of every stage annotation."""
    for note, stage in scored:
        duration_s = EPOCH_S if note.duration_s is None else note.duration_s
        first, last = note.onset_s / EPOCH_S, (note.onset_s + duration_s) / EPOCH_S
        if max(abs(first - round(first)), abs(last - round(last))) * EPOCH_S > _ON_THE_GRID_S:
            raise ScoringInvalid(
                f"{file}: a stage lasts from {note.onset_s:g} s for {duration_s:g} s, which is not "
                "on 30-s epochs",
                "Export the scoring in 30-s epochs that start with the recording.",
            )
        if first > -1e-9:
            yield round(first), round(last), stage
