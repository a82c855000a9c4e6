"""Scorings of DOMINO (Somnomedics): the text of a sleep profile."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.sources.clock_times import ClockTimes, Moment, clock_times, read_moment
from psgpipe.scorings.sources.number_text import seconds
from psgpipe.scorings.sources.text_source import head_text, lines_of, read_text
from psgpipe.scorings.stage_texts import StageText, stages_in_column

PROFILE = re.compile(r"schlafprofil|sleep ?profile|profil|hypnogram", re.IGNORECASE)
OWN_STAGES = {"a": SleepStage.ART}  # the letter of DOMINO for an artefact
_KEY = re.compile(
    r"\s*(Signal ID|Start Time|Unit|Signal Type|Events list|Rate)\s*:\s*(.*)", re.IGNORECASE
)


def recognise(head: bytes, _name: str) -> str | None:
    """Whether the first lines are the head of a signal of DOMINO."""
    text = head_text(head)
    keys = [m[1].casefold() for line in lines_of(text or "")[:40] if (m := _KEY.match(line))]
    return (
        "it has lines Signal ID and Signal Type"
        if {"signal id", "signal type"} <= {*keys}
        else None
    )


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages of the sleep profile: a time, a semicolon, a stage."""
    file = file_name(path)
    head, rows = _profile(lines_of(read_text(path)), file)
    epoch_s = seconds(head.get("rate", ""))
    if epoch_s is None or epoch_s <= 0:
        raise ScoringInvalid(f"{file}: wanted a line Rate: 30 s, found none", "Export it again.")
    moments, texts = [], []
    for line, row in rows:
        time, _, text = row.partition(";")
        moment = read_moment(time)
        if moment is None or not text.strip():
            raise ScoringInvalid(
                f"{file}: line {line}: wanted a time, a semicolon and a stage",
                "Export the sleep profile again.",
            )
        moments.append(moment)
        texts.append(StageText(line, text.strip()))
    if not texts:
        return Scoring(file, FORMAT.name, options.recognised_by, ())
    times = clock_times(moments, [t.line for t in texts], file)
    times = _start(times, read_moment(head.get("start time", "")), file)
    mapped = replace(options, mapping={**OWN_STAGES, **(options.mapping or {})})
    stages = stages_in_column(texts, mapped, file)
    return Scoring(
        file=file,
        format=FORMAT.name,
        recognised_by=options.recognised_by,
        stages=tuple(
            ScoredStage(onset_s, epoch_s, stage, text.text)
            for onset_s, stage, text in zip(times.onsets_s, stages, texts, strict=True)
        ),
        start=times.start,
        start_clock=times.start_clock,
        epoch_s=epoch_s,
        findings=times.findings,
    )


def _profile(lines: list[str], file: str) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """The head and the rows of the sleep profile, which may stand among other signals."""
    heads: list[dict[str, str]] = []
    rows: list[list[tuple[int, str]]] = []
    for number, line in enumerate(lines, start=1):
        key = _KEY.match(line)
        if key and (key[1].casefold() == "signal id" or not heads):
            heads.append({})
            rows.append([])
        if key:
            heads[-1][key[1].casefold()] = key[2].strip()
        elif heads and line.strip():
            rows[-1].append((number, line.strip()))
    for head, own in zip(heads, rows, strict=True):
        is_series = head.get("signal type", "").casefold().startswith("disc")
        if is_series and PROFILE.search(head.get("signal id", "")):
            return head, own
    raise ScoringInvalid(
        f"{file}: a DOMINO export of another signal, not of the sleep profile",
        "Export the sleep profile (Schlafprofil).",
    )


def _start(times: ClockTimes, head: Moment | None, file: str) -> ClockTimes:
    """The times with the date of the head, if it is for the time of day of the first row."""
    first = times.start_clock
    if times.start is not None or head is None:
        return times
    in_head = clock_times([head], [0], file)
    if in_head.start_clock != first:
        return times
    return times._replace(start=in_head.start, findings=in_head.findings)


FORMAT = ScoringFormat("domino", "DOMINO (Somnomedics) text", recognise, read)
