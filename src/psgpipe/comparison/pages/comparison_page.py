"""The page of a comparison: ``comparison/report.html``, and its pictures as files."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from psgpipe.comparison.pages.other_sources import changes_by_other_sources, other_comparisons
from psgpipe.comparison.pages.pictures import forest_svg, picture_files, shown_endpoints
from psgpipe.comparison.pages.subject_parts import subject_parts, subjects_in_order
from psgpipe.comparison.words.primary_sentence import (
    estimand_sentence,
    primary_sentence,
    title_of,
)
from psgpipe.comparison.words.sections import sections
from psgpipe.files.atomic import write_file
from psgpipe.model.comparison.measured_night import SOURCE_NAMES, MeasuredBy
from psgpipe.model.comparison.results import Comparison
from psgpipe.reports.page import page
from psgpipe.reports.study.comparisons import OLDER, is_older
from psgpipe.reports.study.page_night import PageNight, page_nights
from psgpipe.results.night_folder import NIGHTS
from psgpipe.results.replace_folder import comparison_folder
from psgpipe.results.status import study_nights

PAGE = "report.html"
METHOD = ("sample", "arms", "slopes", "multiplicity", "staging", "sign flips", "intervals")
"""Topics of statements that say how the comparison was made; all others limit what it says."""
MOST_SUBJECTS = 300
"""Subjects with a part of their own on the page."""


def comparison_pages(comparison: Comparison, out: Path) -> dict[str, bytes]:
    """The page and the pictures of the comparison in `out` as files, by name.

    The nights that `out` holds get a small hypnogram and a link to their page.
    """
    shown = shown_endpoints(comparison)
    of_all = forest_svg(comparison)
    subjects = subjects_in_order(comparison)
    in_part = set(subjects[:MOST_SUBJECTS])
    parts = subject_parts(comparison, in_part, _nights(out, in_part))
    statements = comparison.statements
    has_declared = any(c.role != "exploratory" for c in comparison.contrasts)
    content = page(
        "comparison.html",
        title_of(comparison),
        None,
        ("nights.css", "comparison.css"),
        has_arms=bool(comparison.arms),
        sentence=primary_sentence(comparison),
        estimand=estimand_sentence(comparison),
        warnings=[*_older(comparison, out), *comparison.warnings],
        endpoints_title="Endpoints" if has_declared else "Endpoints (none was declared)",
        endpoints=shown,
        forest=of_all,
        has_intervals=bool(comparison.reliability),
        limits=[text for topic, text in statements.items() if topic not in METHOD],
        method=[text for topic, text in statements.items() if topic in METHOD],
        sections=sections(comparison),
        table=comparison.table,
        table_sha256=comparison.table_sha256,
        subjects=parts,
        has_pictures=any(n and n.hypnogram for part in parts for _, n in part.nights),
        source=SOURCE_NAMES[comparison.measured_by],
        by_other_sources=changes_by_other_sources(out, comparison.measured_by, in_part),
        n_left_out=len(subjects) - len(parts),
        study_page=f"../{PAGE}" if (out / PAGE).is_file() else None,
        links_from="../",
    )
    return {PAGE: content, **picture_files(shown, of_all)}


def _older(comparison: Comparison, out: Path) -> list[str]:
    """A warning where nights have changed since the comparison."""
    folder = comparison_folder(comparison.measured_by)
    older = is_older(out, folder, comparison.table, comparison.table_sha256)
    return [OLDER] if older else []


def _nights(out: Path, subjects: Container[str]) -> dict[tuple[str, str], PageNight]:
    """The nights of these subjects that `out` holds; none where it holds no night."""
    if not (out / NIGHTS).is_dir():
        return {}
    listed = [n for n in study_nights(out) if n.subject in subjects and not n.excluded]
    return {(n.subject, n.night): n for n in page_nights(listed, out, hypnograms=True)}


def write_comparison_page(comparison: Comparison, out: Path) -> Path:
    """Write the page and the pictures of the comparison in `out`; its other files stay."""
    folder = out / comparison_folder(comparison.measured_by)
    for name, content in comparison_pages(comparison, out).items():
        write_file(folder / name, content)
    return folder / PAGE


def renew_pages_of_other_sources(out: Path, measured_by: MeasuredBy) -> None:
    """Write the pages of the other comparisons in `out` again: they show this one's subjects."""
    for held in other_comparisons(out, measured_by):
        # Few studies have another comparison.
        from psgpipe.comparison.pages.read_comparison import read_comparison

        comparison = read_comparison(out / held.folder) if held.page else None
        if comparison is not None:
            write_comparison_page(comparison, out)
