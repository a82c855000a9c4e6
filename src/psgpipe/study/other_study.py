"""Another study in the output folder: it is not replaced unasked."""

from __future__ import annotations

from pathlib import Path

from psgpipe.errors import OutputConflict
from psgpipe.messages import count_of, safe_text
from psgpipe.model.ids import folder_key
from psgpipe.results.night_folder import NIGHTS
from psgpipe.results.study_file import STUDY, listed_nights, read_study_head
from psgpipe.study.study import Study


def refuse_another_study(out: Path, study: Study) -> None:
    """Refuse to list a study in `out` that has no night in common with the study listed there.

    A table that has grown or lost nights, another part of it or another pipeline is the same study.
    Where nothing was staged yet, nothing is lost.

    Raises
    ------
    psgpipe.errors.OutputConflict
    """
    head = read_study_head(out) or {}
    if study.table_sha256 is not None and head.get("study_table_sha256") == study.table_sha256:
        return
    if not (out / NIGHTS).is_dir():
        return
    own = {_folder(listed.night.subject, listed.night.night) for listed in study.nights}
    first, n_nights = None, 0
    for ids in listed_nights(out):
        if _folder(*ids) in own:
            return
        first, n_nights = first or ids, n_nights + 1
    if first is not None:
        name = safe_text(str(head.get("study") or STUDY))
        raise OutputConflict(
            f"{out.name or out} holds another study: {name} with {count_of(n_nights, 'night')} "
            f"({safe_text(' '.join(first))}, ...), none of which is in {safe_text(study.name)}",
            "Give this study another -o folder. With --force it takes the place of the other one "
            "in nights.tsv; the files of its nights stay.",
        )


def _folder(subject: str, night: str) -> tuple[str, str]:
    """Ids with the same folder are the same night, however they are spelled."""
    return folder_key(subject), folder_key(night)
