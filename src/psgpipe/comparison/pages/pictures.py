"""The pictures of a comparison: of each endpoint, and of all in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psgpipe.comparison.pages import estimation_plot as estimation
from psgpipe.comparison.pages import forest_plot as forest
from psgpipe.comparison.words.contrast_table import short_table
from psgpipe.comparison.words.primary_sentence import plain_name
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.results import Comparison
from psgpipe.reports.rendering import render
from psgpipe.reports.svg_path import px

ESTIMATION, FOREST = "estimation.svg", "forest.svg"


@dataclass(frozen=True)
class ShownEndpoint:
    """One endpoint with its picture; no picture where no subject has numbers."""

    contrast: Contrast
    name: str
    plot: estimation.EstimationPlot | None
    svg: str


def shown_endpoints(comparison: Comparison) -> list[ShownEndpoint]:
    """The endpoints of the short table with their pictures."""
    return [_shown(contrast, comparison) for contrast in short_table(comparison)]


def first_svg(comparison: Comparison) -> str:
    """The picture of the first endpoint that has one: of the primary one, if there is one."""
    pictures = (endpoint_svg(c, comparison) for c in short_table(comparison))
    return next((svg for svg in pictures if svg), "")


def endpoint_svg(contrast: Contrast, comparison: Comparison) -> str:
    """The picture of an endpoint; blank where no subject has numbers."""
    return _shown(contrast, comparison).svg


def picture_files(shown: Sequence[ShownEndpoint], of_all: str) -> dict[str, bytes]:
    """The forest and the first picture, that of the primary endpoint if there is one, as files."""
    first = next((s.svg for s in shown if s.svg), "")
    pictures = {ESTIMATION: first, FOREST: of_all}
    return {name: svg.encode("utf-8") for name, svg in pictures.items() if svg}


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
