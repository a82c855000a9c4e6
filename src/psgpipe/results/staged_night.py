"""The staged night that the files of a finished night describe; its signal is not among them."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from psgpipe.files.atomic import parse_json
from psgpipe.files.typed_values import typed, typed_record
from psgpipe.model.hypnogram import Hypnodensity, Hypnogram, SleepStage
from psgpipe.model.night import ExpertStages, Lights, Night, StagedNight, StagesBy
from psgpipe.model.summary import ENDPOINTS, ArchitectureSummary, QualityReport
from psgpipe.results.manifest import Manifest
from psgpipe.results.output_check import intact_output
from psgpipe.results.read_microstructure import read_microstructure

PROBABILITIES = ("p_w", "p_n1", "p_n2", "p_n3", "p_r")
Rows = Sequence[Mapping[str, str]]


def read_staged_night(folder: Path, manifest: Manifest) -> StagedNight | None:
    """The night in `folder`; None where its files are damaged or of an unknown form.

    Probabilities have the six decimals of ``hypnogram.tsv``. The end of a dose is not stored: of
    the night's identity only subject, night, condition and time zone are known.
    """
    contents = [intact_output(folder, name, manifest) for name in _FILES]
    try:
        hypnogram, summary, quality = (content for content in contents if content is not None)
        rows = list(csv.DictReader(hypnogram.decode("utf-8").splitlines(), delimiter="\t"))
        staged = _staged_night(rows, parse_json(summary), parse_json(quality), manifest)
        return replace(staged, microstructure=read_microstructure(folder, manifest))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


_FILES = ("hypnogram.tsv", "summary.json", "quality.json")


def _staged_night(
    rows: Rows, summary: dict[str, Any], quality: dict[str, Any], manifest: Manifest
) -> StagedNight:
    document = manifest.document
    hypnogram = _hypnogram(rows, manifest)
    return StagedNight(
        Night(
            summary["subject"],
            summary["night"],
            summary["condition"],
            timezone=document["lights"].get("timezone"),
        ),
        hypnogram,
        Hypnodensity(np.array([[_number(row[name]) for name in PROBABILITIES] for row in rows])),
        _architecture(summary),
        typed_record(QualityReport, quality),
        _lights(summary),
        disagreement=_disagreement(rows),
        stages_by=typed(manifest.stages or "auto", StagesBy, "stages"),
        expert=_expert(rows, summary, hypnogram),
        automatic=_with_stages(hypnogram, rows, "auto"),
        provenance={k: value for k, value in document.items() if k not in _NOT_PROVENANCE},
        prediction_intervals={
            endpoint: (float(low), float(high))
            for endpoint, (low, high) in summary.get("prediction_interval", {}).items()
        },
    )


_NOT_PROVENANCE = ("outputs", "fingerprint", "request_sha256", "manifest_sha256")


def _hypnogram(rows: Rows, manifest: Manifest) -> Hypnogram:
    start, clock = manifest.recording.start, rows[0]["clock"]
    return Hypnogram(
        tuple(SleepStage(row["stage"]) for row in rows),
        np.array([row["in_bed"] == "true" for row in rows]),
        dt.datetime.fromisoformat(start) if start else None,
        dt.time.fromisoformat(clock) if clock else None,
        np.array([row["sedation"] == "true" for row in rows]) if "sedation" in rows[0] else None,
    )


def _with_stages(hypnogram: Hypnogram, rows: Rows, column: str) -> Hypnogram | None:
    """The hypnogram with the stages of another column, where the table has it."""
    if column not in rows[0]:
        return None
    return replace(hypnogram, stages=tuple(SleepStage(row[column]) for row in rows))


def _expert(rows: Rows, summary: Mapping[str, Any], hypnogram: Hypnogram) -> ExpertStages | None:
    stages = _with_stages(hypnogram, rows, "expert")
    if stages is None:
        return None
    return ExpertStages(
        stages,
        _architecture(summary, "expert_"),
        summary["agreement_epochs"],
        summary["accuracy"],
        summary["kappa"],
    )


def _architecture(summary: Mapping[str, Any], beginning: str = "") -> ArchitectureSummary:
    """The endpoints whose names begin with `beginning`, and why some are absent."""
    # Nights of an earlier psgpipe lack endpoints that were added later.
    endpoints = {name: summary.get(f"{beginning}{name}") for name in ENDPOINTS}
    absent = summary.get(f"{beginning}absent", {})
    reasons = {name.removeprefix(beginning): why for name, why in absent.items()}
    return typed_record(ArchitectureSummary, {**endpoints, "absent": reasons})


def _lights(summary: Mapping[str, Any]) -> Lights:
    """Lights off and on; their source is one word, or one for each: ``table/recording``."""
    off, _, on = summary["lights_source"].partition("/")
    return Lights(float(summary["lights_off_s"]), float(summary["lights_on_s"]), off, on or off)


def _disagreement(rows: Rows) -> npt.NDArray[np.float64] | None:
    if "disagreement" not in rows[0]:
        return None
    return np.array([_number(row["disagreement"]) for row in rows])


def _number(cell: str) -> float:
    return float(cell) if cell else np.nan


def read_stages(content: bytes) -> tuple[list[str], list[bool]]:
    """The stages and in-bed marks in the content of a ``hypnogram.tsv``, without the rest.

    ValueError: psgpipe did not write it.
    """
    head, *lines = content.decode("utf-8").splitlines()
    columns = head.split("\t")
    stage, in_bed = columns.index("stage"), columns.index("in_bed")
    rows = [line.split("\t") for line in lines]
    if not rows or any(len(row) != len(columns) for row in rows):
        raise ValueError("hypnogram.tsv has lines of another length than its head")
    return [row[stage] for row in rows], [row[in_bed] == "true" for row in rows]
