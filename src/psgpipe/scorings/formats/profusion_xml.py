"""Scorings of Compumedics Profusion: XML with one number for each epoch."""

from __future__ import annotations

from pathlib import Path

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.header import Annotation
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.mapping import spelling_key
from psgpipe.scorings.sources.number_text import number
from psgpipe.scorings.sources.xml_source import descendants, numbered, read_xml, root_name, text_of

# The numbers of the format: stages of Rechtschaffen and Kales; 6 is movement, 9 not scored.
STAGE_OF_NUMBER = {
    "0": SleepStage.W, "1": SleepStage.N1, "2": SleepStage.N2, "3": SleepStage.N3,
    "4": SleepStage.N3, "5": SleepStage.R, "6": SleepStage.ART, "7": SleepStage.UNS,
    "8": SleepStage.UNS, "9": SleepStage.UNS,
}  # fmt: skip


def recognise(head: bytes, _name: str) -> str | None:
    """Whether the root of the XML is that of Profusion."""
    return "its first element is CMPStudyConfig" if root_name(head) == "CMPStudyConfig" else None


def read(path: Path, options: ReadOptions) -> Scoring:
    """One stage for each epoch from the start of the recording, and the scored events."""
    file, root = file_name(path), read_xml(path)
    length = text_of(root, "EpochLength")
    epoch_s = number(length) or 0.0
    if epoch_s <= 0:
        raise ScoringInvalid(
            f"{file}: wanted the length of an epoch in EpochLength, found none",
            "Export the scoring again.",
        )
    stages = []
    for count, element in numbered(descendants(root, "SleepStage")):
        text = (element.text or "").strip()
        stage = (options.mapping or {}).get(spelling_key(text)) or STAGE_OF_NUMBER.get(text)
        if stage is None:
            raise ScoringInvalid(
                f"{file}: epoch {count}: wanted a stage from 0 to 9, found another text",
                "If it is a stage, name it: --scoring-map SPELLING=STAGE.",
            )
        stages.append(ScoredStage((count - 1) * epoch_s, epoch_s, stage, text))
    return Scoring(
        file=file,
        format=FORMAT.name,
        recognised_by=options.recognised_by,
        stages=tuple(stages),
        epoch_s=epoch_s,
        annotations=tuple(
            Annotation(onset_s, number(text_of(event, "Duration")), text_of(event, "Name"))
            for event in descendants(root, "ScoredEvent")
            if (onset_s := number(text_of(event, "Start"))) is not None
        ),
    )


FORMAT = ScoringFormat("profusion-xml", "Compumedics Profusion XML", recognise, read)
