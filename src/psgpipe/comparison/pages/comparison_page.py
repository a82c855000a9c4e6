"""The page of a comparison: ``comparison/report.html``, and its pictures as files."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from psgpipe.comparison.pages import estimation_plot as estimation
from psgpipe.comparison.pages import forest_plot as forest
from psgpipe.comparison.pages.other_sources import changes_by_other_sources, other_comparisons
from psgpipe.comparison.pages.read_comparison import read_comparison
from psgpipe.comparison.pages.subject_parts import subject_parts, subjects_in_order
from psgpipe.comparison.words.contrast_table import short_table
from psgpipe.comparison.words.primary_sentence import (
    estimand_sentence,
    plain_name,
    primary_sentence,
    title_of,
)
from psgpipe.comparison.words.sections import sections
from psgpipe.files.atomic import write_file
from psgpipe.model.comparison import SOURCE_NAMES, Comparison, Contrast, MeasuredBy
from psgpipe.reports.page import page
from psgpipe.reports.rendering import render
from psgpipe.reports.study.comparisons import OLDER, is_older
from psgpipe.reports.study.page_night import PageNight, page_nights
from psgpipe.reports.svg_path import px
from psgpipe.results.night_folder import NIGHTS
from psgpipe.results.replace_folder import comparison_folder
from psgpipe.results.status import study_nights

PAGE, ESTIMATION, FOREST = "report.html", "estimation.svg", "forest.svg"
METHOD = ("sample", "arms", "slopes", "multiplicity", "staging", "sign flips", "intervals")
"""Topics of statements that say how the comparison was made; all others limit what it says."""
MOST_SUBJECTS = 300
"""Subjects with a part of their own on the page."""


@dataclass(frozen=True)
class ShownEndpoint:
    """One endpoint with its picture; no picture where no subject has numbers."""

    contrast: Contrast
    name: str
    plot: estimation.EstimationPlot | None
    svg: str


def comparison_pages(comparison: Comparison, out: Path) -> dict[str, bytes]:
    """The page and the pictures of the comparison in `out` as files, by name.

    The nights that `out` holds get a small hypnogram and a link to their page.
    """
    shown = [_shown(c, comparison) for c in short_table(comparison)]
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
        subjects=parts,
        source=SOURCE_NAMES[comparison.measured_by],
        by_other_sources=changes_by_other_sources(out, comparison.measured_by, in_part),
        n_left_out=len(subjects) - len(parts),
        study_page=f"../{PAGE}" if (out / PAGE).is_file() else None,
        links_from="../",
    )
    return {PAGE: content, **_pictures(shown, of_all)}


def _older(comparison: Comparison, out: Path) -> list[str]:
    """A warning where nights have changed since the comparison."""
    folder = comparison_folder(comparison.measured_by)
    older = is_older(out, folder, comparison.table, comparison.table_sha256)
    return [OLDER] if older else []


def first_svg(comparison: Comparison) -> str:
    """The picture of the first endpoint that has one: of the primary one, if there is one."""
    pictures = (endpoint_svg(c, comparison) for c in short_table(comparison))
    return next((svg for svg in pictures if svg), "")


def endpoint_svg(contrast: Contrast, comparison: Comparison) -> str:
    """The picture of an endpoint; blank where no subject has numbers."""
    return _shown(contrast, comparison).svg


def _nights(out: Path, subjects: Container[str]) -> dict[tuple[str, str], PageNight]:
    """The nights of these subjects that `out` holds; none where it holds no night."""
    if not (out / NIGHTS).is_dir():
        return {}
    listed = [n for n in study_nights(out) if n.subject in subjects and not n.excluded]
    return {(n.subject, n.night): n for n in page_nights(listed, out, hypnograms=True)}


def _pictures(shown: Sequence[ShownEndpoint], of_all: str) -> dict[str, bytes]:
    """The forest, and the picture of the first endpoint: the primary one, if there is one."""
    first = next((s.svg for s in shown if s.svg), "")
    pictures = {ESTIMATION: first, FOREST: of_all}
    return {name: svg.encode("utf-8") for name, svg in pictures.items() if svg}


def write_comparison_page(comparison: Comparison, out: Path) -> Path:
    """Write the page and the pictures of the comparison in `out`; its other files stay."""
    folder = out / comparison_folder(comparison.measured_by)
    for name, content in comparison_pages(comparison, out).items():
        write_file(folder / name, content)
    return folder / PAGE


def renew_pages_of_other_sources(out: Path, measured_by: MeasuredBy) -> None:
    """Write the pages of the other comparisons in `out` again: they show this one's subjects."""
    for held in other_comparisons(out, measured_by):
        comparison = read_comparison(out / held.folder) if held.page else None
        if comparison is not None:
            write_comparison_page(comparison, out)


def _shown(contrast: Contrast, comparison: Comparison) -> ShownEndpoint:
    changes = [s for s in comparison.subjects if s.endpoint == contrast.endpoint]
    control = [flow.arm for flow in comparison.arms if flow.role == "control"]
    plot = estimation.estimation_plot(contrast, changes, control)
    name = plain_name(contrast.endpoint)
    return ShownEndpoint(
        contrast, name[:1].upper() + name[1:], plot, _estimation(plot) if plot else ""
    )


def _estimation(plot: estimation.EstimationPlot) -> str:
    return render(
        "estimation.svg",
        plot=plot,
        px=px,
        width=estimation.WIDTH,
        height=estimation.HEIGHT,
        baseline_x=estimation.BASELINE_PX,
        treatment_x=estimation.TREATMENT_PX,
        changes_x=estimation.CHANGES_PX,
        band_left=px(estimation.CHANGES_PX - 52),
        band_width=104,
        single=len(plot.lines) <= estimation.MOST_SINGLE_LINES,
    )


def forest_svg(comparison: Comparison) -> str:
    """The picture of all endpoints; blank where none has a standardised difference."""
    plot = forest.forest_plot(short_table(comparison), comparison.reliability)
    if plot is None:
        return ""
    return render(
        "forest.svg",
        plot=plot,
        px=px,
        width=forest.WIDTH,
        left=forest.LEFT_PX,
        right=forest.RIGHT_PX,
        top=forest.TOP_PX - 8,
    )
