"""A finished night as values: stages, probabilities, lights and summary, read from its files."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from psgpipe.errors import OutputConflict
from psgpipe.files.atomic import parse_json
from psgpipe.model.hypnogram import EPOCH_S, Hypnogram, SleepStage
from psgpipe.results.doubts import QUALITY, doubts_in
from psgpipe.results.manifest import Manifest, read_manifest
from psgpipe.results.output_check import intact_output

READS_TRIED = 5
FILES = ("summary.json", "hypnogram.tsv", QUALITY)
FURTHER_STAGES = ("expert", "auto")
PROBABILITIES = ("p_w", "p_n1", "p_n2", "p_n3", "p_r")
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class FinishedNight:
    """What the files of a finished night say.

    Attributes
    ----------
    hypnogram
        The stages of the night, with the start of the recording where it is known.
    probabilities
        Shape (n_epochs, 5), in the order W N1 N2 N3 R; rows of NaN where the epoch was not staged.
    clock
        The local time of day of each epoch; blank where it is not known.
    span_s
        Seconds from the start of the recording to its end; the last epoch may be cut by it.
    lights_off_s, lights_on_s
        Seconds from the start of the recording; None where they are not known.
    summary
        The content of ``summary.json``.
    stages_by
        Whose stages `hypnogram` has: ``auto``, ``expert`` or ``corrected``.
    further_stages
        Other stages of the same epochs, by column of ``hypnogram.tsv``: ``expert``, a person's
        beside automatic ones; ``auto``, the automatic ones before a correction.
    flags
        The flags of the quality check that make the night's numbers doubtful.
    """

    subject: str
    night: str
    hypnogram: Hypnogram
    probabilities: npt.NDArray[np.float64]
    clock: tuple[str, ...]
    span_s: float
    lights_off_s: float | None
    lights_on_s: float | None
    summary: Mapping[str, Any]
    flags: tuple[str, ...]
    manifest: Manifest
    stages_by: str = "auto"
    further_stages: Mapping[str, tuple[SleepStage, ...]] = field(default_factory=dict)

    def epoch_duration_s(self, epoch: int) -> float:
        """30 s; less in the last epoch where the recording ends within it."""
        return min(EPOCH_S, round(self.span_s - epoch * EPOCH_S, 6))


def read_finished_night(folder: Path) -> FinishedNight:
    """The night in a folder, whose files must be those that its manifest names.

    Raises
    ------
    psgpipe.errors.OutputConflict
        A file is missing, damaged or not what psgpipe writes.
    """
    for _ in range(READS_TRIED):  # a run may replace the night between two reads
        manifest = read_manifest(folder)
        if manifest is None or not manifest.is_intact:
            continue
        contents = [content for name in FILES if (content := intact_output(folder, name, manifest))]
        if len(contents) == len(FILES):
            try:
                return _night(manifest, *contents)
            except (AttributeError, KeyError, IndexError, TypeError, ValueError):
                break
    raise OutputConflict(
        f"{folder.parent.name}/{folder.name}: its files are not those that its manifest names",
        "Run the batch again; psgpipe verify names the files.",
    )


def _night(
    manifest: Manifest, summary_json: bytes, hypnogram_tsv: bytes, quality_json: bytes
) -> FinishedNight:
    summary = parse_json(summary_json)
    text = io.StringIO(hypnogram_tsv.decode("utf-8"), newline="")
    rows = list(csv.DictReader(text, delimiter="\t"))
    off_source, _, on_source = (manifest.lights.source or "recording").partition("/")
    lights, start = manifest.lights, _read(dt.datetime.fromisoformat, manifest.recording.start)
    clock = _read(dt.time.fromisoformat, manifest.recording.start_clock)
    probabilities = [[float(row[p] or "nan") for p in PROBABILITIES] for row in rows]
    return FinishedNight(
        subject=summary["subject"],
        night=summary["night"],
        hypnogram=Hypnogram(
            tuple(SleepStage(row["stage"]) for row in rows),
            np.array([row["in_bed"] == "true" for row in rows], bool),
            start=start,
            start_clock=start.time() if start else clock,
            sedation=_sedation(rows),
        ),
        probabilities=np.array(probabilities, np.float64).reshape(-1, len(PROBABILITIES)),
        clock=tuple(row["clock"] for row in rows),
        span_s=float(rows[-1]["onset_s"]) + float(rows[-1]["duration_s"]),
        lights_off_s=None if off_source == "recording" else lights.off_s,
        lights_on_s=None if (on_source or off_source) == "recording" else lights.on_s,
        summary=summary,
        flags=tuple(dict.fromkeys(flag.code for flag in doubts_in(parse_json(quality_json)))),
        manifest=manifest,
        stages_by=manifest.stages or "auto",
        further_stages={
            column: tuple(SleepStage(row[column]) for row in rows)
            for column in FURTHER_STAGES
            if column in rows[0]
        },
    )


def _sedation(rows: Sequence[Mapping[str, str]]) -> npt.NDArray[np.bool_] | None:
    """The epochs within the sedation window of a dose; None where no dose is known."""
    if "sedation" not in rows[0]:
        return None
    return np.array([row["sedation"] == "true" for row in rows], bool)


def _read(function: Callable[[str], T], text: str | None) -> T | None:
    return function(text) if text else None
