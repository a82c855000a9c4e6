"""The pages of a study, as every command writes them."""

from __future__ import annotations

from pathlib import Path

from psgpipe.study import blinding

PAGE = "report.html"


def keep_study_page(out: Path, *, figures: bool) -> Path | None:
    """Write the page of the study; without figures only where there is an older one to renew."""
    return write_study_page(out) if figures or (out / PAGE).is_file() else None


def write_study_page(out: Path) -> Path:
    """Write ``report.html`` of the study in `out`: with conditions unless it is blinded."""
    # Commands that write no page do without these.
    from psgpipe.reports.study import study_page

    if not blinding.is_blind(out):
        return study_page.write_study_page(out, None, blinded=False)
    if not blinding.is_unblinded(out):
        return study_page.write_study_page(out, {}, blinded=True)
    conditions = {ids: cells.get("condition") for ids, cells in blinding.sealed(out).items()}
    return study_page.write_study_page(out, conditions, blinded=False)
