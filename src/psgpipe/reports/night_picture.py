"""The picture of a night: spectrogram, hypnodensity, power and hypnogram, as SVG and PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from psgpipe.messages import count_of
from psgpipe.model.hypnogram import SCORED, Hypnogram, SleepStage
from psgpipe.model.microstructure.records import EpochPower
from psgpipe.model.night import StagedNight
from psgpipe.reports import night_words as words
from psgpipe.reports.night_marks import ROW, mark_labels, mark_lines, night_marks
from psgpipe.reports.png import png_of
from psgpipe.reports.power_panel import power_panel
from psgpipe.reports.rendering import render
from psgpipe.reports.shown_text import text_lines
from psgpipe.reports.spectrogram_image import Spectrogram, SpectrogramImage, spectrogram_image
from psgpipe.reports.stage_panels import (
    Panel,
    StageLevel,
    hypnogram_path,
    marked_path,
    shown_levels,
    stage_areas,
    stage_levels,
)
from psgpipe.reports.svg_path import px
from psgpipe.reports.time_axis import TimeAxis

WIDTH, LEFT, RIGHT = 1000.0, 56.0, 952.0
PNG_WIDTH = 1000
"""One pixel for each unit of the SVG: 150 pixels an inch across a page of A4."""
TITLE_LETTERS, LINE_LETTERS, MOST_DOUBTS = 84, 122, 4
LINE, CAPTION, GAP, NUMBER_WIDTH = 18.0, 20.0, 8.0, 240.0
SPECTROGRAM_HEIGHT, HYPNODENSITY_HEIGHT, STAGE_ROW = 104.0, 84.0, 22.0
POWER_HEIGHT = 62.0
REM_BAR, FOOT = 7.0, 70.0


@dataclass(frozen=True)
class TextLine:
    """A line of text above the picture: its class in the template, its y, its text."""

    kind: str
    y: str
    text: str


@dataclass(frozen=True)
class StagePanel:
    """A hypnogram: its caption, its place, its levels, its line and the bars of REM."""

    kind: str
    caption: str
    place: dict[str, str]
    levels: list[StageLevel]
    line: str
    rem: str
    unscored: str
    artefacts: str


@dataclass(frozen=True)
class NightPicture:
    """The values of the picture's template."""

    values: Mapping[str, Any]

    @property
    def svg(self) -> str:
        """The picture with its heading, as a document of its own."""
        return render("night.svg", heading=True, **self.values)

    @property
    def figure(self) -> str:
        """The picture without its heading, for a page that says the same as text."""
        return render("night.svg", heading=False, **self.values)

    def files(self) -> dict[str, bytes]:
        """``hypnogram.svg`` and ``hypnogram.png``; equal input, equal bytes."""
        svg = self.svg
        return {"hypnogram.svg": svg.encode("utf-8"), "hypnogram.png": png_of(svg, PNG_WIDTH)}


def night_picture(staged: StagedNight, spectrogram: Spectrogram | None = None) -> NightPicture:
    """The picture of a night.

    Parameters
    ----------
    spectrogram
        None where the signal is not at hand: the picture has no such panel.
    """
    hypnogram, clock = staged.hypnogram, words.clock_of(staged)
    axis = TimeAxis(len(hypnogram), LEFT, RIGHT - LEFT)
    lines, y = _lines(staged)
    marks, top = night_marks(staged, axis, clock), y + GAP
    image = spectrogram_image(spectrogram) if spectrogram else None
    beside = words.beside(staged)
    sequences = [("hypnogram", words.whose_stages(staged), hypnogram.stages)]
    if beside is not None:
        sequences.append((beside.whose, beside.words, beside.hypnogram.stages))
    has_probabilities = bool(np.isfinite(staged.hypnodensity.probabilities).any())
    epochs = staged.microstructure.epochs if staged.microstructure else None
    has_power = power_panel(epochs, axis, 0, POWER_HEIGHT) is not None
    heights = [
        *([SPECTROGRAM_HEIGHT] if image else []),
        *([HYPNODENSITY_HEIGHT] if has_probabilities else []),
        *([POWER_HEIGHT] if has_power else []),
        *(STAGE_ROW * len(SCORED) for _ in sequences),
    ]
    places = _places(top + ROW * (1 + max(mark.row for mark in marks)) + GAP, heights)
    first, bottom = places[0].top, places[-1].bottom
    panels = [
        _stage_panel(kind, caption, stages, axis, place)
        for (kind, caption, stages), place in zip(sequences, places[-len(sequences) :], strict=True)
    ]
    values = {
        "width": px(WIDTH),
        "height": px(bottom + FOOT),
        "panels_top": px(top),
        "panels_height": px(bottom + FOOT - top),
        "left": px(LEFT),
        "right": px(RIGHT),
        "plot_width": px(RIGHT - LEFT),
        "title": words.night_title(staged.night),
        "axis": {"step": f"{axis.step:.6f}", "end": px(axis.end), "n_epochs": axis.n_epochs,
              "ends_early": axis.recorded_s < axis.span_s, "top": px(first),
              "bottom": px(bottom), "middle": px(first + places[0].height / 2)},
        "lines": lines,
        "key_numbers": _key_numbers(staged),
        "mark_lines": mark_lines(marks, places, top),
        "mark_labels": mark_labels(marks, top),
        "sedation": _sedation(hypnogram, axis, places),
        # The colours of the other panels mean something: a shade would change them.
        "sedation_shade": _sedation(hypnogram, axis, places[-len(sequences) - has_power :]),
        "spectrogram": image and _spectrogram(image, places[0], spectrogram, axis),
        "hypnodensity": has_probabilities
        and _hypnodensity(staged, places[1 if image else 0], axis),
        "power": has_power and _power(epochs, places[-len(sequences) - 1], axis),
        "stage_panels": panels,
        "ticks": axis.ticks(clock),
        "time_name": "local clock" if clock.start_clock else "hours:minutes since the start",
        "unstaged": "; ".join(words.unstaged_words(hypnogram)),
    }  # fmt: skip
    return NightPicture(values)


def _places(top: float, heights: Sequence[float]) -> list[Panel]:
    """Panels of these heights from `top` downwards, each below its caption."""
    places: list[Panel] = []
    for height in heights:
        places.append(Panel(top + CAPTION, height))
        top = places[-1].bottom + GAP
    return places


def _lines(staged: StagedNight) -> tuple[list[TextLine], float]:
    """The lines above the picture, and the y of the last."""
    doubts = words.doubts(staged.quality.flags)
    absent = words.absent_key_numbers(staged)
    title = text_lines(words.night_title(staged.night), TITLE_LETTERS, 2)
    stages = f"{words.recorded_from(staged)} · {words.whose_stages(staged)}"
    names = words.derivation_names(staged)
    derivations = f"Derivations: {names}" if names else ""
    texts: list[tuple[str, str, float]] = [
        *(("title", line, 23.0) for line in title),
        *(("quiet", line, LINE) for line in text_lines(stages, LINE_LETTERS, 2)),
        *(("quiet", line, LINE) for line in text_lines(derivations, LINE_LETTERS, 2)),
        ("numbers", "", 25.0),
        *(("quiet", line, LINE) for line in text_lines(absent, LINE_LETTERS, 3)),
    ]  # fmt: skip
    shown = doubts[: MOST_DOUBTS - 1] if len(doubts) > MOST_DOUBTS else doubts
    for doubt in shown:
        texts += [("doubt", line, LINE) for line in text_lines(doubt, LINE_LETTERS, 2)]
    if len(shown) < len(doubts):
        texts.append(
            (
                "doubt",
                f"and {count_of(len(doubts) - len(shown), 'more doubt')}: see report.html",
                LINE,
            )
        )
    lines, y = [], 6.0
    for kind, text, height in texts:
        y += height
        lines.append(TextLine(kind, px(y), text))
    return lines, y


def _key_numbers(staged: StagedNight) -> list[dict[str, str]]:
    numbers = words.key_numbers(staged)
    return [
        {"x": px(24 + number * NUMBER_WIDTH), "name": key.name, "value": key.value}
        for number, key in enumerate(numbers)
    ]


def _sedation(hypnogram: Hypnogram, axis: TimeAxis, places: Sequence[Panel]) -> str:
    if hypnogram.sedation is None:
        return ""
    marks = [bool(mark) for mark in hypnogram.sedation]
    return "".join(marked_path(marks, axis, place.top, place.height) for place in places)


def _spectrogram(
    image: SpectrogramImage, place: Panel, spectrogram: Spectrogram | None, axis: TimeAxis
) -> dict[str, Any]:
    span_hz = image.highest_hz - image.lowest_hz
    ticks = range(10, int(image.highest_hz) + 1, 10)
    y = [place.bottom - place.height * (hz - image.lowest_hz) / span_hz for hz in ticks]
    return {
        "place": place.shown,
        "uri": image.uri,
        "derivation": spectrogram.derivation if spectrogram else "",
        "width": px(axis.end - LEFT),
        "ticks": [{"y": px(at), "label": str(hz)} for at, hz in zip(y, ticks, strict=True)],
        "low_db": f"{image.low_db:.0f}",
        "high_db": f"{image.high_db:.0f}",
    }


def _power(epochs: EpochPower | None, place: Panel, axis: TimeAxis) -> dict[str, Any]:
    panel = power_panel(epochs, axis, place.top, place.height) or {}
    row = place.height / 2
    legend = [px(place.top + row * (number + 0.5)) for number in range(2)]
    return {"place": place.shown, "legend": legend, **panel}


def _hypnodensity(staged: StagedNight, place: Panel, axis: TimeAxis) -> dict[str, Any]:
    areas = stage_areas(staged.hypnodensity, axis, place.top, place.height)
    row = place.height / len(areas)
    legend = [px(place.top + row * (number + 0.5)) for number in range(len(areas))]
    unscored, artefacts = _unstaged_paths(staged.hypnogram.stages, axis, place)
    return {
        "place": place.shown, "areas": areas, "legend": legend,
        "ticks": [{"y": px(place.bottom - place.height * share), "label": f"{share:g}"}
                  for share in (0, 0.5, 1)],
        "unscored": unscored, "artefacts": artefacts,
    }  # fmt: skip


def _stage_panel(
    kind: str, caption: str, stages: Sequence[SleepStage], axis: TimeAxis, place: Panel
) -> StagePanel:
    levels = stage_levels(place.top, STAGE_ROW)
    in_rem = [stage is SleepStage.R for stage in stages]
    rem = marked_path(in_rem, axis, levels[SleepStage.R] - REM_BAR / 2, REM_BAR)
    line = hypnogram_path(stages, levels, axis)
    unscored, artefacts = _unstaged_paths(stages, axis, place)
    return StagePanel(
        kind, caption, place.shown, shown_levels(levels), line, rem, unscored, artefacts
    )


def _unstaged_paths(stages: Sequence[SleepStage], axis: TimeAxis, place: Panel) -> tuple[str, str]:
    """Where there is no stage: not scored, and artefact."""
    paths = (
        marked_path([s is stage for s in stages], axis, place.top, place.height)
        for stage in (SleepStage.UNS, SleepStage.ART)
    )
    unscored, artefacts = paths
    return unscored, artefacts
