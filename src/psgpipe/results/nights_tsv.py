"""``nights.tsv``: a row for each night of the study, finished or not."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psgpipe.files.atomic import parse_json, read_json, write_file
from psgpipe.messages import without_controls
from psgpipe.model.microstructure.names import NIGHT_ENDPOINTS
from psgpipe.model.summary import ENDPOINTS
from psgpipe.results.doubts import DOUBTS, QUALITY, doubts_in, withheld_because
from psgpipe.results.manifest import Manifest, recipe_of
from psgpipe.results.output_check import intact_output
from psgpipe.results.status import (
    StoredNight,
    StudyNight,
    stored_night,
    study_nights,
    word_in_tables,
)
from psgpipe.tables.cells import without_formula

if TYPE_CHECKING:
    from psgpipe.results.short_table import ShortRow

NIGHTS = "nights.tsv"
IDENTITY = ("subject", "night", "condition", "state", "kind", "reason", "recording", "age", "sex")
RECORDED = ("start", "duration_s", "lights_off", "lights_on", "lights_source")
RECIPE = (
    "derivations", "stager", "engine", "classifier", "classifier_sha256", "demographics", "window",
    "pipeline", "pipeline_sha256", "recording_sha256", "psgpipe",
)  # fmt: skip
NOTES = ("flags", "warnings")
STAGES = "stages"
AGREEMENT = ("kappa", "accuracy")
EXPERT_ENDPOINTS = tuple(f"expert_{name}" for name in ENDPOINTS)
BESIDE = (*AGREEMENT, *EXPERT_ENDPOINTS)
"""Columns of a study that has experts' stages beside automatic ones."""
OURS = (*IDENTITY, *RECORDED, *NIGHT_ENDPOINTS, *RECIPE, *NOTES, STAGES, *BESIDE)
READS_TRIED = 5


@dataclass
class NightCounts:
    """How many nights ``nights.tsv`` has in each state, by the word of its column ``state``.

    `not_done` has ``(subject, night, state, reason)`` of the first 1000 failed and missing nights.
    `n_lights_unknown` counts the nights of which lights off or lights on is not known.
    """

    path: Path
    states: dict[str, int] = field(default_factory=dict)
    not_done: list[tuple[str, str, str, str]] = field(default_factory=list)
    n_lights_unknown: int = 0

    def add(self, night: StudyNight, stored: StoredNight) -> None:
        """Count a night."""
        state = word_in_tables(stored.status)
        self.states[state] = self.states.get(state, 0) + 1
        if stored.manifest is not None:
            self.n_lights_unknown += "recording" in (stored.manifest.lights.source or "")
        if stored.status in ("failed", "missing") and len(self.not_done) < 1000:
            self.not_done.append((night.subject, night.night, state, stored.reason or ""))

    @property
    def complete(self) -> bool:
        """Whether every night that is not excluded is done."""
        return not self.states.get("failed") and not self.states.get("missing")


def gather(out: Path) -> NightCounts:
    """Write ``nights.tsv`` in `out`: every endpoint of each night, or why there is none.

    ``nights-short.tsv`` is the same for people.
    """
    # A reader of the table needs none of this.
    from psgpipe.results.short_table import SHORT, short_table

    nights = study_nights(out)
    counts = NightCounts(out / NIGHTS)
    short: list[ShortRow] = []
    write_file(counts.path, _table(nights, counts, short))
    write_file(out / SHORT, (_line(map(_cell, cells)) for cells in short_table(short)))
    return counts


def nights_workbook(out: Path) -> bytes:
    """A workbook with the sheets ``nights`` and ``nights-short``."""
    from psgpipe.results.short_table import short_row, short_table
    from psgpipe.tables.workbook import workbook_bytes

    columns, rows = night_rows(study_nights(out))
    listed = list(rows)
    full = ([row.get(column) for column in columns] for row in listed)
    return workbook_bytes(
        (("nights", (columns, *full)), ("nights-short", short_table(map(short_row, listed))))
    )


def night_rows(nights: Sequence[StudyNight]) -> tuple[list[str], Iterator[dict[str, Any]]]:
    """The columns of ``nights.tsv``, and its rows as values; nothing is written."""
    extra = _extra_columns(nights)
    return _columns(nights, extra), _rows(nights, extra, NightCounts(Path(NIGHTS)))


def _table(
    nights: Sequence[StudyNight], counts: NightCounts, short: list[ShortRow]
) -> Iterator[bytes]:
    """The lines of the table, one by one: a study may have very many nights."""
    from psgpipe.results.short_table import short_row

    extra = _extra_columns(nights)
    columns = _columns(nights, extra)
    yield _line(columns)
    for row in _rows(nights, extra, counts):
        short.append(short_row(row))
        yield _line(_cell(row.get(column)) for column in columns)


def _rows(
    nights: Sequence[StudyNight], extra: Mapping[str, str], counts: NightCounts
) -> Iterator[dict[str, Any]]:
    for night in nights:
        stored, summary, quality = read_night(night)
        counts.add(night, stored)
        row = _row(night, stored, summary, quality)
        yield row | {extra[name]: value for name, value in night.extra.items()}


def _columns(nights: Sequence[StudyNight], extra: Mapping[str, str]) -> list[str]:
    has_experts = _has_experts(nights)
    # A study without conditions has no column for them: blank ones would look forgotten.
    with_condition = any(night.condition for night in nights)
    return [
        *(c for c in IDENTITY if c != "condition" or with_condition), *RECORDED, *extra.values(),
        *NIGHT_ENDPOINTS, *RECIPE, *NOTES, STAGES, *(BESIDE if has_experts else ()),
    ]  # fmt: skip


def _has_experts(nights: Sequence[StudyNight]) -> bool:
    """Whether any night has an expert's stages beside automatic ones."""
    # A night that no study lists may have a scoring, too; its recording is not known here.
    for night in (n for n in nights if n.scoring or n.recording is None):
        summary = read_json(night.folder / "summary.json") or {}
        if AGREEMENT[0] in summary:
            return True
        if summary.get(STAGES) == "expert" and night.recording is not None:
            return False  # so are the others of the study: its pipeline stages none
    return False


def _extra_columns(nights: Sequence[StudyNight]) -> dict[str, str]:
    """The further columns of the study table, and their names in ``nights.tsv``."""
    names = dict.fromkeys(sorted({name for night in nights for name in night.extra}))
    taken = {column.casefold() for column in OURS}
    return {n: f"study_{n}" if n.casefold() in taken else n for n in names}


def read_night(night: StudyNight) -> tuple[StoredNight, Mapping[str, Any], Mapping[str, Any]]:
    """A night's status, summary and quality; the last two must have the hashes in the manifest."""
    for _ in range(READS_TRIED):  # a run may replace the night between two reads
        stored = stored_night(night)
        if stored.manifest is None:
            return stored, {}, {}
        if not stored.manifest.is_intact:
            continue
        summary = _output(night.folder, "summary.json", stored.manifest)
        quality = _output(night.folder, QUALITY, stored.manifest)
        if summary is not None and quality is not None and _are_readable(summary, quality):
            return stored, summary, quality
    damaged = "its files are not those that its manifest names; run the batch again"
    return StoredNight("missing", "Damaged", damaged), {}, {}


def _are_readable(summary: Mapping[str, Any], quality: Mapping[str, Any]) -> bool:
    """Whether the endpoints are numbers or absent, and the flags are listed."""
    try:
        doubts_in(quality)
    except ValueError:
        return False
    values = [summary.get(name) for name in (*NIGHT_ENDPOINTS, *BESIDE)]
    return all(
        v is None or (isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v))
        for v in values
    )


def _output(folder: Path, name: str, manifest: Manifest) -> dict[str, Any] | None:
    content = intact_output(folder, name, manifest)
    if content is None:
        return None
    try:
        value = parse_json(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _row(
    night: StudyNight, stored: StoredNight, summary: Mapping[str, Any], quality: Mapping[str, Any]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "subject": night.subject,
        "night": night.night,
        "condition": night.condition,
        "state": word_in_tables(stored.status),
        "kind": stored.kind,
        "reason": stored.reason,
        "recording": night.recording,
        "age": night.age,
        "sex": night.sex,
    }
    if stored.manifest is None:
        return row
    doubts = doubts_in(quality)
    return {
        **row,
        "reason": row["reason"] or withheld_because(doubts),
        **_origin(stored.manifest),
        **{name: summary.get(name) for name in (*NIGHT_ENDPOINTS, *BESIDE)},
        STAGES: stored.manifest.stages or "auto",
        "flags": " ".join(dict.fromkeys(flag.code for flag in doubts)),
        DOUBTS: doubts,
        "warnings": len(stored.manifest.warnings),
    }


def _origin(manifest: Manifest) -> dict[str, Any]:
    """Recording, lights and recipe of a finished night."""
    recording, engine = manifest.recording, manifest.engine
    return recipe_of(manifest) | {
        "recording": recording.name,
        "recording_sha256": recording.sha256,
        "start": recording.start,
        "duration_s": recording.duration_s,
        "lights_off": manifest.lights.off,
        "lights_on": manifest.lights.on,
        "engine": engine.engine,
        "classifier": engine.classifier,
        "classifier_sha256": engine.classifier_sha256,
        "pipeline": manifest.pipeline.name,
        "pipeline_sha256": manifest.pipeline.sha256,
        "psgpipe": manifest.psgpipe,
    }


def _cell(value: Any) -> str:
    """A value as text; absent is blank, a number is spelled as in summary.json."""
    if value is None:
        return ""
    return without_formula(without_controls(value)) if isinstance(value, str) else repr(value)


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerow(cells)
    return text.getvalue().encode("utf-8", "backslashreplace")
