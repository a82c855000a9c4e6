"""Scorings of Philips Respironics (Alice, Sleepware G3, Somnolyzer): XML, ending ``.rml``."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.header import Annotation
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.sources.clock_times import clock_times, read_moment
from psgpipe.scorings.sources.number_text import number
from psgpipe.scorings.sources.xml_source import descendants, read_xml, root_name
from psgpipe.scorings.stage_texts import StageText, stages_in_column

STAGINGS = ("UserStaging", "MachineStaging")
"""A person's stages go before those of the program."""


def recognise(head: bytes, _name: str) -> str | None:
    """Whether the root of the XML is that of Respironics."""
    return "its first element is PatientStudy" if root_name(head) == "PatientStudy" else None


def read(path: Path, options: ReadOptions) -> Scoring:
    """The changes of stage by the person, else by the program, and the scored events.

    Each stage lasts to the next one, the last one to the end of the recording.
    """
    file, root = file_name(path), read_xml(path)
    by, elements = _changes(root)
    onsets_s = [_start_s(element, i, file) for i, element in enumerate(elements, start=1)]
    texts = [StageText(i, e.get("Type", "")) for i, e in enumerate(elements, start=1)]
    stages = stages_in_column(texts, options, file)
    durations_s = [b - a for a, b in zip(onsets_s, [*onsets_s[1:], _end_s(root)], strict=False)]
    start = read_moment(_text_below(root, "RecordingStart"))
    clock = clock_times([start], [1], file) if start else None
    return Scoring(
        file=file,
        format=FORMAT.name,
        recognised_by=f"{options.recognised_by} ({by})",
        stages=tuple(
            ScoredStage(onset_s, max(duration_s, 0.0), stage, text.text)
            for onset_s, duration_s, stage, text in zip(
                onsets_s, durations_s, stages, texts, strict=True
            )
        ),
        start=clock.start if clock else None,
        start_clock=clock.start_clock if clock else None,
        annotations=tuple(
            Annotation(onset_s, number(e.get("Duration", "")), e.get("Type", ""))
            for e in descendants(root, "Event")
            if (onset_s := number(e.get("Start", ""))) is not None and e.get("Type")
        ),
    )


def _changes(root: Element) -> tuple[str, list[Element]]:
    """Whose stages they are, and the elements of the changes."""
    for name in STAGINGS:
        for staging in descendants(root, name):
            changes = list(descendants(staging, "Stage"))
            if changes:
                return name, changes
    return "no staging", []


def _start_s(element: Element, count: int, file: str) -> float:
    onset_s = number(element.get("Start", ""))
    if onset_s is None:
        raise ScoringInvalid(f"{file}: stage {count} has no start", "Export the scoring again.")
    return onset_s


def _end_s(root: Element) -> float:
    """Seconds of the recording; 0 where the file does not give them."""
    return number(_text_below(root, "Duration")) or 0.0


def _text_below(root: Element, name: str) -> str:
    return next((e.text.strip() for e in descendants(root, name) if e.text), "")


FORMAT = ScoringFormat("respironics-xml", "Respironics XML (.rml)", recognise, read)
