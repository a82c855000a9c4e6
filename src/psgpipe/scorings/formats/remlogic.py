"""Scorings of Embla RemLogic as text or XML, and of programs that write the same text (Dreem)."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.header import Annotation
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.formats.table import table_in
from psgpipe.scorings.second_zero import counted_from_first_stage
from psgpipe.scorings.sources.clock_times import clock_times, read_moment
from psgpipe.scorings.sources.text_rows import find_head_table
from psgpipe.scorings.sources.text_source import head_text
from psgpipe.scorings.sources.xml_source import descendants, read_xml, root_name, text_of
from psgpipe.scorings.stage_texts import stages_among_events
from psgpipe.scorings.tables.stage_table import read_table
from psgpipe.scorings.tables.table_rows import TableRules

TITLE = "RemLogic Event Export"
TIME_UNIT = "hh:mm:ss"


def recognise(head: bytes, _name: str) -> str | None:
    """Whether the text says so, or its table has the times and units of RemLogic."""
    text = head_text(head)
    if text is None:
        return None
    if text.lstrip().startswith(TITLE):
        return f"its first line is {TITLE}"
    found = find_head_table(text)
    if found is None or TIME_UNIT not in found.columns.unit.values():
        return None
    return "a column of times is called [hh:mm:ss]"


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages among the events (``SLEEP-S2``), at times of day.

    The date in the head is that of the recording, and the first event may be after midnight: it is
    not used.
    """
    rules = TableRules(FORMAT.name, is_clock=True)
    return read_table(table_in(path), rules, options, file_name(path))


def recognise_xml(head: bytes, _name: str) -> str | None:
    """Whether the XML has events with a type and a start time, as RemLogic writes them."""
    text = head_text(head)
    root = root_name(head)
    if root is None or text is None or "<StartTime>" not in text or "<Type>" not in text:
        return None
    return f"its first element is {root} and its events have Type and StartTime"


def read_xml_events(path: Path, options: ReadOptions) -> Scoring:
    """The stages among the events, at dates and times."""
    file, root = file_name(path), read_xml(path)
    events = list(descendants(root, "Event"))
    named = stages_among_events((text_of(e, "Type") for e in events), options)
    moments = []
    for count, event in enumerate(events, start=1):
        begin = read_moment(text_of(event, "StartTime"))
        if begin is None:
            raise ScoringInvalid(
                f"{file}: event {count}: no StartTime that is a time", "Export the scoring again."
            )
        moments.append(begin)
    if not moments:
        return Scoring(file, XML.name, options.recognised_by, ())
    times = clock_times(moments, range(1, len(moments) + 1), file)
    timed = list(zip(events, times.onsets_s, (m.of_day_s for m in moments), strict=True))
    scoring = Scoring(
        file=file,
        format=XML.name,
        recognised_by=options.recognised_by,
        stages=tuple(
            ScoredStage(onset_s, _duration_s(e, of_day_s), named[text], text)
            for e, onset_s, of_day_s in timed
            if (text := text_of(e, "Type")) in named
        ),
        start=times.start,
        start_clock=times.start_clock,
        annotations=tuple(
            Annotation(onset_s, _duration_s(e, of_day_s), text)
            for e, onset_s, of_day_s in timed
            if (text := text_of(e, "Type")) not in named and text
        ),
        findings=times.findings,
    )
    return counted_from_first_stage(scoring)


def _duration_s(event: Element, of_day_s: float) -> float | None:
    end = read_moment(text_of(event, "StopTime"))
    return None if end is None else round((end.of_day_s - of_day_s) % 86_400, 6)


FORMAT = ScoringFormat("remlogic", "RemLogic text", recognise, read)
XML = ScoringFormat("remlogic-xml", "RemLogic XML", recognise_xml, read_xml_events)
