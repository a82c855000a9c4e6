"""``nights.tsv``: one row for each night that was asked for, finished or not."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psgpipe.files.atomic import write_file
from psgpipe.model.summary import ENDPOINTS
from psgpipe.results.manifest import Manifest, recipe_of
from psgpipe.results.status import AskedNight, Found, asked_nights, find_night
from psgpipe.tables.cells import without_formula

NIGHTS = "nights.tsv"
IDENTITY = ("subject", "night", "condition", "state", "kind", "reason", "recording", "age", "sex")
RECORDED = ("start", "duration_s", "lights_off", "lights_on", "lights_source")
RECIPE = (
    "derivations", "stager", "engine", "classifier", "classifier_sha256", "demographics", "window",
    "pipeline", "pipeline_sha256", "recording_sha256", "psgpipe",
)  # fmt: skip
NOTES = ("flags", "warnings")
OURS = (*IDENTITY, *RECORDED, *ENDPOINTS, *RECIPE, *NOTES)
READS_TRIED = 5


@dataclass
class Gathered:
    """What was gathered.

    Attributes
    ----------
    path
        Of ``nights.tsv``.
    states
        How many nights are done, failed, missing, excluded.
    not_done
        ``(subject, night, state, reason)`` of the failed and missing ones, the first 1000.
    """

    path: Path
    states: dict[str, int] = field(default_factory=dict)
    not_done: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, asked: AskedNight, found: Found) -> None:
        """Count a night."""
        self.states[found.state] = self.states.get(found.state, 0) + 1
        if found.state in ("failed", "missing") and len(self.not_done) < 1000:
            self.not_done.append((asked.subject, asked.night, found.state, found.reason or ""))

    @property
    def complete(self) -> bool:
        """Whether every night that is not excluded is done."""
        return not self.states.get("failed") and not self.states.get("missing")


def gather(out: Path) -> Gathered:
    """Write ``nights.tsv`` in `out`: by subject and night, every endpoint, or why there is none.

    Raises
    ------
    psgpipe.errors.UsageError
        `out` is not a folder that psgpipe wrote.
    psgpipe.errors.OutputConflict, psgpipe.errors.TryAgain
        It cannot be written.
    """
    nights = asked_nights(out)
    gathered = Gathered(out / NIGHTS)
    write_file(gathered.path, _table(nights, gathered))
    return gathered


def _table(nights: Sequence[AskedNight], gathered: Gathered) -> Iterator[bytes]:
    """The table's lines, made as they are written: a study may have very many nights."""
    extra = _extra_columns(nights)
    # A study without conditions has no column for them: blank ones would look forgotten.
    with_condition = any(asked.condition for asked in nights)
    columns = [
        *(c for c in IDENTITY if c != "condition" or with_condition), *RECORDED, *extra.values(),
        *ENDPOINTS, *RECIPE, *NOTES,
    ]  # fmt: skip
    yield _line(columns)
    for asked in nights:
        found, summary, quality = _read(asked)
        gathered.add(asked, found)
        row = _row(asked, found, summary, quality)
        row |= {extra[name]: value for name, value in asked.extra.items()}
        yield _line(_cell(row.get(column)) for column in columns)


def _extra_columns(nights: Sequence[AskedNight]) -> dict[str, str]:
    """The study's further columns, by name, and how they are called here."""
    names = dict.fromkeys(sorted({name for asked in nights for name in asked.extra}))
    taken = {column.casefold() for column in OURS}
    return {n: f"study_{n}" if n.casefold() in taken else n for n in names}


def _read(asked: AskedNight) -> tuple[Found, Mapping[str, Any], Mapping[str, Any]]:
    """What became of a night, its summary and its quality; both only as the manifest names them."""
    for _ in range(READS_TRIED):  # a run may replace the night between two reads
        found = find_night(asked)
        if found.manifest is None:
            return found, {}, {}
        if not found.manifest.is_intact:
            continue
        summary = _output(asked.folder, "summary.json", found.manifest)
        quality = _output(asked.folder, "quality.json", found.manifest)
        if summary is not None and quality is not None:
            return found, summary, quality
    damaged = "its files are not those that its manifest names; run the batch again"
    return Found("missing", "Damaged", damaged), {}, {}


def _output(folder: Path, name: str, manifest: Manifest) -> dict[str, Any] | None:
    try:
        content = (folder / name).read_bytes()
    except OSError:
        return None
    output = manifest.output(name)
    if output is None or hashlib.sha256(content).hexdigest() != output.sha256:
        return None
    value: dict[str, Any] = json.loads(content)
    return value


def _row(
    asked: AskedNight, found: Found, summary: Mapping[str, Any], quality: Mapping[str, Any]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "subject": asked.subject,
        "night": asked.night,
        "condition": asked.condition,
        "state": found.state,
        "kind": found.kind,
        "reason": found.reason,
        "recording": asked.recording,
        "age": asked.age,
        "sex": asked.sex,
    }
    if found.manifest is None:
        return row
    return row | _made_from(found.manifest) | _endpoints(summary) | _notes(found.manifest, quality)


def _endpoints(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {name: summary.get(name) for name in ENDPOINTS}


def _notes(manifest: Manifest, quality: Mapping[str, Any]) -> dict[str, Any]:
    flags = dict.fromkeys(flag["code"] for flag in quality.get("flags", ()))
    return {"flags": " ".join(flags), "warnings": len(manifest.warnings)}


def _made_from(manifest: Manifest) -> dict[str, Any]:
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
    return without_formula(value) if isinstance(value, str) else repr(value)


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerow(cells)
    return text.getvalue().encode("utf-8", "backslashreplace")
