"""The pages of a study, as every command writes them: a blinded study shows no condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from psgpipe.results.manifest import Manifest
from psgpipe.results.night_writer import add_outputs
from psgpipe.results.output_check import intact_output
from psgpipe.results.status import StudyNight, stored_night, study_nights
from psgpipe.study import blinding

PAGE = "report.html"

NightPage = Literal["there", "written", "unreadable"]
"""What became of the page of a finished night; an unreadable night has damaged files."""


def is_blinded_now(out: Path) -> bool:
    """Whether no page may show a condition."""
    return blinding.is_blind(out) and not blinding.is_unblinded(out)


def keep_study_page(out: Path, *, figures: bool) -> Path | None:
    """Write the page of the study; without figures only where there is an older one to renew."""
    return write_study_page(out) if figures or (out / PAGE).is_file() else None


def write_study_page(out: Path) -> Path:
    """Write ``report.html`` of the study in `out`: with conditions unless it is blinded."""
    # Commands that write no page do without these.
    from psgpipe.reports.study import study_page

    if not blinding.is_blind(out):
        return study_page.write_study_page(out, None, blinded=False)
    if is_blinded_now(out):
        return study_page.write_study_page(out, {}, blinded=True)
    conditions = {ids: cells.get("condition") for ids, cells in blinding.sealed(out).items()}
    return study_page.write_study_page(out, conditions, blinded=False)


def write_night_pages(out: Path) -> Iterator[tuple[StudyNight, NightPage]]:
    """Write the page of each finished night that has none; nothing is staged again.

    The page becomes an output of the night, with its hash in the manifest. It has no spectrogram,
    because the files of a night do not hold the signal.
    """
    is_blinded = is_blinded_now(out)
    for night in study_nights(out):
        manifest = stored_night(night).manifest
        if manifest is not None:
            yield night, _with_page(night, manifest, is_blinded=is_blinded)


def _with_page(night: StudyNight, manifest: Manifest, *, is_blinded: bool) -> NightPage:
    if not manifest.is_intact:  # another signature would hide that
        return "unreadable"
    if manifest.output(PAGE) is not None:
        is_there = intact_output(night.folder, PAGE, manifest) is not None
        return "there" if is_there else "unreadable"
    page = _night_page(night, manifest, is_blinded=is_blinded)
    is_written = page is not None and add_outputs(night.folder, manifest, {PAGE: page})
    return "written" if is_written else "unreadable"


def _night_page(night: StudyNight, manifest: Manifest, *, is_blinded: bool) -> bytes | None:
    """The page from the night's files; None where they are damaged or of another form."""
    from psgpipe.reports.night_report import page_without_signal
    from psgpipe.results.staged_night import read_staged_night

    staged = read_staged_night(night.folder, manifest)
    if staged is None:
        return None
    if is_blinded:
        staged = replace(staged, night=replace(staged.night, condition=None))
    return page_without_signal(staged)
