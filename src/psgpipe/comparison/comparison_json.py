"""The content of ``comparison.json``: all of a comparison."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psgpipe._version import __version__
from psgpipe.comparison.statistics.paired import G_AV_FORMULA
from psgpipe.comparison.words.primary_sentence import estimand_sentence, primary_sentence
from psgpipe.files.atomic import json_bytes
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import Comparison

CONTRAST_COLUMNS = (
    "endpoint", "role", "unit", "n_subjects", "n_baseline_nights", "n_treatment_nights",
    "baseline_mean", "treatment_mean", "difference", "ci_low", "ci_high", "t", "df", "p_t",
    "p_sign_flip", "p_adjusted", "adjustment", "hodges_lehmann", "hl_low", "hl_high",
    "hl_coverage", "dz", "g_av", "kr_difference", "kr_se", "kr_df", "kr_p", "verdict", "note",
    "trust",
)  # fmt: skip
CONTRAST_PARTS = (
    "transform", "offset", "hedges", "direction", "finding", "remarks", "stamp",
)  # fmt: skip
"""Parts of a contrast that ``comparison.json`` has besides the columns of the table."""
# Columns of a comparison of arms, behind the others.
ARM_COLUMNS = (
    "difference_se", "p_permutation", "n_treatment_arm", "n_control_arm", "control_baseline_mean",
    "control_treatment_mean", "adjusted_treatment_mean", "adjusted_control_mean", "slope",
    "slopes_p",
)  # fmt: skip


@dataclass(frozen=True)
class JsonLines:
    """The lines of ``comparison.json``: `comparison_dict` as `json_bytes` writes it.

    A large study has very many rows, and their text as one would be the largest thing in memory.
    """

    comparison: Comparison

    def __iter__(self) -> Iterator[bytes]:
        before = "{\n"
        for key, value in _content(self.comparison).items():
            if value and _is_rows(value):
                yield f"{before}  {json.dumps(key)}: [\n".encode()
                yield from _json_rows(value)
                yield b"\n  ]"
            else:
                text = json_bytes({key: value}).removeprefix(b"{\n").removesuffix(b"\n}\n")
                yield before.encode() + text
            before = ",\n"
        yield b"\n}\n"


def _json_rows(rows: Sequence[Any]) -> Iterator[bytes]:
    # Without indentation the encoder is twenty times as fast; the line breaks are its separators.
    encoder = json.JSONEncoder(
        ensure_ascii=False, allow_nan=False, separators=(",\n      ", ": ")
    )  # fmt: skip
    for number, row in enumerate(rows):
        text = encoder.encode(_row_dict(row))[1:-1]
        before = ",\n" if number else ""
        yield f"{before}    {{\n      {text}\n    }}".encode("utf-8", "backslashreplace")


def _is_rows(value: object) -> bool:
    return isinstance(value, tuple) and all(map(dataclasses.is_dataclass, value[:1]))


def comparison_dict(comparison: Comparison) -> dict[str, Any]:
    """The content of ``comparison.json``."""
    return {
        key: [_row_dict(row) for row in value] if _is_rows(value) else value
        for key, value in _content(comparison).items()
    }


def _content(comparison: Comparison) -> dict[str, Any]:
    """The content of ``comparison.json``, its rows as records whose fields are plain."""
    return {
        "psgpipe": __version__,
        "table": comparison.table,
        "table_sha256": comparison.table_sha256,
        "measured_by": comparison.measured_by,
        "declaration": dataclasses.asdict(comparison.declaration),
        "spec": _plain(dataclasses.asdict(comparison.spec)),
        "design": comparison.design,
        "estimand": estimand_sentence(comparison) or None,
        "primary_sentence": primary_sentence(comparison),
        "p_adjusted_from": "p_permutation" if comparison.arms else "p_sign_flip",
        "g_av_formula": G_AV_FORMULA,
        "flow": comparison.flow,
        "contrasts": [_row_dict(contrast) for contrast in comparison.contrasts],
        "subjects": comparison.subjects,
        "strata": comparison.strata,
        "dose_slopes": comparison.slopes,
        "crossover": comparison.crossover,
        "reliability": comparison.reliability,
        "arms": comparison.arms,
        **({"stager_error": comparison.stager_error} if comparison.stager_error else {}),
        "nights": comparison.nights,
        "sentences": list(comparison.sentences),
        "statements": dict(comparison.statements),
        "warnings": list(comparison.warnings),
        "recipe": {name: list(values) for name, values in comparison.recipe.items()},
    }


def _row_dict(row: Any) -> dict[str, Any]:
    if isinstance(row, Contrast):
        names = (*CONTRAST_COLUMNS, *(ARM_COLUMNS if row.arms else ()))
        columns = {column: getattr(row, column) for column in names}
        staging = None if row.staging is None else dataclasses.asdict(row.staging)
        return (
            columns | {name: getattr(row, name) for name in CONTRAST_PARTS} | {"staging": staging}
        )
    return {field: getattr(row, field) for field in row.__dataclass_fields__}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value
