"""The files of a comparison: three tables, and all of it in two more files."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psgpipe._version import __version__
from psgpipe.comparison.statistics.paired import G_AV_FORMULA
from psgpipe.comparison.words.contrast_table import shared_remarks
from psgpipe.comparison.words.primary_sentence import estimand_sentence, primary_sentence, title_of
from psgpipe.comparison.words.sections import Section, sections
from psgpipe.errors import OutputConflict
from psgpipe.files.atomic import json_bytes, read_json
from psgpipe.messages import safe_text, without_controls
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import Comparison, EndpointReliability, SubjectChange
from psgpipe.results.night_writer import put_results
from psgpipe.results.replace_folder import COMPARISON_JSON, comparison_folder
from psgpipe.tables.cells import without_formula

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
RELIABILITY_COLUMNS = tuple(f.name for f in dataclasses.fields(EndpointReliability))
SUBJECT_COLUMNS = tuple(f.name for f in dataclasses.fields(SubjectChange) if f.name != "arm")


def write_comparison(comparison: Comparison, out: Path, *, pages: bool = False) -> Path:
    """Write the files of a comparison into ``comparison/`` in `out`; returns this folder.

    That of another source than polysomnography is called ``comparison-diary``, for example.

    The folder takes its place as a whole; files there that psgpipe did not write stay.

    Parameters
    ----------
    pages
        Write the page and its pictures too.

    Raises
    ------
    psgpipe.errors.OutputConflict
        The folder holds the comparison of another table, or cannot be written.
    psgpipe.errors.TryAgain
        The disk is full.
    """
    folder = out / comparison_folder(comparison.measured_by)
    _refuse_another_table(comparison, folder)
    has_arms = comparison.design == "parallel"
    files: dict[str, Iterable[bytes]] = {
        "contrasts.tsv": TableLines(
            (*CONTRAST_COLUMNS, *(ARM_COLUMNS if has_arms else ())), comparison.contrasts
        ),
        "subjects.tsv": TableLines(
            (*SUBJECT_COLUMNS, *(["arm"] if has_arms else [])), comparison.subjects
        ),
        "reliability.tsv": TableLines(RELIABILITY_COLUMNS, comparison.reliability),
        "comparison.md": [markdown(comparison).encode("utf-8", "backslashreplace")],
        COMPARISON_JSON: JsonLines(comparison),
    }
    if pages:
        # A comparison without its page needs none of this.
        from psgpipe.comparison.pages.comparison_page import comparison_pages

        files |= {name: [content] for name, content in comparison_pages(comparison, out).items()}
    put_results(folder, files, out)
    if pages:
        from psgpipe.comparison.pages.comparison_page import renew_pages_of_other_sources

        renew_pages_of_other_sources(out, comparison.measured_by)
    return folder


def _refuse_another_table(comparison: Comparison, folder: Path) -> None:
    held = (read_json(folder / COMPARISON_JSON) or {}).get("table")
    if isinstance(held, str) and comparison.table not in (None, held):
        raise OutputConflict(
            f"{folder.name}/ holds the comparison of {safe_text(held)}, and this one is of "
            f"{safe_text(comparison.table or '')}",
            "Give another folder (-o DIR), or remove this one.",
        )


@dataclass(frozen=True)
class TableLines:
    """The lines of a tab-separated table; each column is an attribute of the rows."""

    columns: Sequence[str]
    rows: Sequence[Any]

    def __iter__(self) -> Iterator[bytes]:
        yield _line(self.columns)
        for row in self.rows:
            yield _line([_cell(getattr(row, name)) for name in self.columns])


def _line(cells: Sequence[str]) -> bytes:
    return ("\t".join(cells) + "\n").encode("utf-8", "backslashreplace")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(value, ".10g")
    if isinstance(value, str):
        return without_formula(" ".join(without_controls(value).split()))
    return str(value)


def markdown(comparison: Comparison) -> str:
    """The content of ``comparison.md``: every table, warning and statement."""
    parts = [
        f"# {title_of(comparison)}",
        _markdown(estimand_sentence(comparison)),
        primary_sentence(comparison),
    ]
    for section in sections(comparison):
        parts += [f"## {section.title}", *_markdown_table(section), _list(section.notes)]
    if comparison.warnings:
        parts += ["## Warnings", _list(comparison.warnings)]
    shared = (
        [] if comparison.declaration.exploratory
        else [f"Every endpoint with a mean difference: {r}." for r in shared_remarks(comparison)]
    )  # fmt: skip
    parts += ["## What belongs to every table", _list([*comparison.sentences, *shared])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown_table(section: Section) -> list[str]:
    if not section.rows:
        return []
    head, *rows = ([_markdown(cell) for cell in row] for row in section.rows)
    lines = [head, ["---"] * len(head), *rows]
    return ["\n".join(f"| {' | '.join(line)} |" for line in lines)]


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_markdown(line)}" for line in lines)


def _markdown(text: str) -> str:
    """Text on one line whose characters mean nothing to Markdown."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return re.sub(r"([\\|*`<]|(?<!\w)_|_(?!\w))", r"\\\1", plain)


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
