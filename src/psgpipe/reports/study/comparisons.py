"""The comparisons in the folder of a study, and whether nights have changed since."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psgpipe.files.atomic import bytes_of, read_json
from psgpipe.files.hashing import sha256_of_bytes
from psgpipe.results.replace_folder import COMPARISON, COMPARISON_JSON, CONCORDANCE

PAGE = "report.html"
OLDER = (
    "This comparison was made from other numbers than nights.tsv has now. "
    "Run psgpipe compare again."
)
_TABLES = {
    COMPARISON: "nights.tsv",
    f"{COMPARISON}-diary": f"{CONCORDANCE}/nights.tsv",
    f"{COMPARISON}-actigraphy": f"{CONCORDANCE}/nights.tsv",
}
"""The folders of comparisons, and the table of the nights of each."""


@dataclass(frozen=True)
class StudyComparison:
    """A comparison in the folder of a study.

    Attributes
    ----------
    source
        ``diary`` or ``actigraphy``; None for polysomnography.
    page
        Its page, from the folder of the study; None where there is none.
    is_older
        Whether the table of its nights has other bytes by now.
    """

    folder: str
    source: str | None
    page: str | None
    is_older: bool


def comparisons_in(out: Path) -> list[StudyComparison]:
    """The comparisons in `out`, that of polysomnography first."""
    found = []
    for folder in _TABLES:
        if (out / folder).is_dir():
            content = read_json(out / folder / COMPARISON_JSON) or {}
            page = f"{folder}/{PAGE}" if (out / folder / PAGE).is_file() else None
            older = is_older(out, folder, content.get("table"), content.get("table_sha256"))
            found.append(StudyComparison(folder, folder.partition("-")[2] or None, page, older))
    return found


def is_older(out: Path, folder: str, table: str | None, sha256: str | None) -> bool:
    """Whether a comparison is of the nights in `out` as they were; unknown counts as no.

    `table` and `sha256` are the name and the hash of its table when it was made.
    """
    path = out / _TABLES[folder]
    if table != path.name or sha256 is None:
        return False
    now = bytes_of(path)
    return now is not None and sha256_of_bytes(now) != sha256
