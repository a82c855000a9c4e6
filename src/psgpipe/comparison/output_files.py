"""The files of a comparison: three tables, and all of it in two more files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psgpipe.comparison.comparison_json import ARM_COLUMNS, CONTRAST_COLUMNS, JsonLines
from psgpipe.comparison.words.markdown import markdown
from psgpipe.errors import OutputConflict
from psgpipe.files.atomic import read_json
from psgpipe.messages import safe_text
from psgpipe.model.comparison.results import Comparison, EndpointReliability, SubjectChange
from psgpipe.results.night_writer import put_results
from psgpipe.results.replace_folder import COMPARISON_JSON, comparison_folder
from psgpipe.tables.written_table import cell_text, table_line

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
        yield table_line(self.columns)
        for row in self.rows:
            cells = (getattr(row, name) for name in self.columns)
            yield table_line(cell_text(cell, _ten_digits) for cell in cells)


def _ten_digits(value: float) -> str:
    return format(value, ".10g")
