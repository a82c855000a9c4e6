"""The files of an agreement: all of it in JSON and Markdown, tables of epochs and of nights."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from psgpipe._version import __version__
from psgpipe.agreement.agree import StudyAgreement
from psgpipe.agreement.endpoints import COMPARED
from psgpipe.agreement.night_origin import recipe_values
from psgpipe.agreement.report import agreement_markdown
from psgpipe.agreement.scored_nights import ScoredNight
from psgpipe.agreement.statistics.by_stage import PooledAgreement, false_positive_rate, sensitivity
from psgpipe.agreement.statistics.resampling import LEVEL, N_RESAMPLES, SEED
from psgpipe.files.atomic import json_bytes
from psgpipe.model.hypnogram import EPOCH_S, SCORED
from psgpipe.results.night_writer import put_results
from psgpipe.results.replace_folder import AGREEMENT
from psgpipe.sleep.agreement import Agreement
from psgpipe.tables.written_table import cell_text, table_line

EPOCH_COLUMNS = (
    "subject", "night", "epoch", "onset_s", "in_bed", "expert", "automatic", "agrees", "confidence",
)  # fmt: skip
_F1_COLUMNS = {str(stage): f"f1_{stage.lower()}" for stage in SCORED}
NIGHT_COLUMNS = (
    "subject", "night", "condition", "scoring", "n_epochs", "accuracy", "kappa", "mcc",
    *_F1_COLUMNS.values(), "n_not_scored",
    *(column for name in COMPARED for column in (name, f"expert_{name}")),
)  # fmt: skip


def write_agreement(found: StudyAgreement, out: Path) -> Path:
    """Write the files into ``agreement/`` in `out`, as a whole; returns this folder.

    Raises
    ------
    psgpipe.errors.OutputConflict
        The folder cannot be written.
    psgpipe.errors.TryAgain
        The disk is full.
    """
    folder = out / AGREEMENT
    files: dict[str, bytes | Iterable[bytes]] = {
        "agreement.json": json_bytes(agreement_dict(found)),
        "agreement.md": agreement_markdown(found).encode("utf-8", "backslashreplace"),
        "epochs.tsv": _Lines(EPOCH_COLUMNS, _EpochRows(found)),
        "nights.tsv": _Lines(NIGHT_COLUMNS, _night_rows(found)),
    }
    put_results(folder, files, out)
    return folder


def agreement_dict(found: StudyAgreement) -> dict[str, Any]:
    """The content of ``agreement.json``."""
    nights = [
        {
            "subject": night.subject,
            "night": night.night,
            "condition": night.condition,
            "scoring": night.scoring,
            **_agreement_dict(one),
            "n_not_scored": night.n_not_scored,
            "findings": list(night.findings),
        }
        for night, one in zip(found.nights, found.agreements, strict=True)
    ]
    return {
        "psgpipe": __version__,
        "level": LEVEL,
        "resamples": N_RESAMPLES,
        "seed": SEED,
        "stages": [str(stage) for stage in SCORED],
        "recipe": recipe_values(night.origin.recipe for night in found.nights),
        "n_fitted_nights": sum(night.origin.is_fitted for night in found.nights),
        "pooled": _pooled_dict(found.pooled),
        "by_condition": {name: _pooled_dict(one) for name, one in found.by_condition.items()},
        "nights": nights,
        "endpoints": {name: dataclasses.asdict(one) for name, one in found.by_endpoint.items()},
        "calibration": {
            "raw": found.raw and dataclasses.asdict(found.raw),
            "de_weighted": found.without_weights and dataclasses.asdict(found.without_weights),
        },
        "left_out": [dataclasses.asdict(night) for night in found.left_out],
        "unused_files": list(found.unused_files),
    }


def _agreement_dict(one: Agreement) -> dict[str, Any]:
    return {
        "n_epochs": one.n_epochs,
        "accuracy": one.accuracy,
        "kappa": one.kappa,
        "mcc": one.mcc,
        "f1": one.f1,
        "sensitivity": sensitivity(one),
        "false_positive_rate": false_positive_rate(one),
        "confusion": one.confusion.tolist(),
    }


def _pooled_dict(one: PooledAgreement) -> dict[str, Any]:
    return {
        "n_subjects": one.n_subjects,
        "n_nights": one.n_nights,
        **_agreement_dict(one.agreement),
        "intervals": {
            "accuracy": one.accuracy_interval,
            "kappa": one.kappa_interval,
            "mcc": one.mcc_interval,
            "f1": one.f1_intervals,
        },
    }


@dataclasses.dataclass(frozen=True)
class _Lines:
    """The lines of a table; they can be read more than once."""

    columns: Sequence[str]
    rows: Iterable[Mapping[str, object]]

    def __iter__(self) -> Iterator[bytes]:
        yield table_line(self.columns)
        for row in self.rows:
            yield table_line([cell_text(row.get(column)) for column in self.columns])


@dataclasses.dataclass(frozen=True)
class _EpochRows:
    """A row for each epoch of each night, made when it is read: there may be millions."""

    found: StudyAgreement

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        for night in self.found.nights:
            yield from _epoch_rows(night)


def _epoch_rows(night: ScoredNight) -> Iterator[Mapping[str, object]]:
    pairs = zip(night.expert.stages, night.automatic.stages, strict=True)
    for epoch, (expert, automatic) in enumerate(pairs):
        confidence = float(np.max(night.probabilities[epoch]))
        both = expert in SCORED and automatic in SCORED
        yield {
            "subject": night.subject,
            "night": night.night,
            "epoch": epoch,
            "onset_s": f"{epoch * EPOCH_S:.0f}",
            "in_bed": bool(night.automatic.in_bed[epoch]),
            "expert": str(expert),
            "automatic": str(automatic),
            "agrees": expert == automatic if both else None,
            "confidence": None if np.isnan(confidence) else f"{confidence:.6f}",
        }


def _night_rows(found: StudyAgreement) -> list[Mapping[str, object]]:
    rows: list[Mapping[str, object]] = []
    for night, one, endpoints in zip(found.nights, found.agreements, found.endpoints, strict=True):
        row: dict[str, object] = {
            "subject": night.subject,
            "night": night.night,
            "condition": night.condition,
            "scoring": night.scoring,
            "n_epochs": one.n_epochs,
            "accuracy": one.accuracy,
            "kappa": one.kappa,
            "mcc": one.mcc,
            **{_F1_COLUMNS[stage]: value for stage, value in one.f1.items()},
            "n_not_scored": night.n_not_scored,
            **endpoints.automatic,
            **{f"expert_{name}": value for name, value in endpoints.expert.items()},
        }
        rows.append(row)
    return rows
