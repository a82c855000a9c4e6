"""The picture of a night: spectrogram, hypnodensity, power and hypnogram, as SVG and PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from psgpipe.model.hypnogram import EPOCH_S, SCORED, Hypnogram, SleepStage
from psgpipe.model.microstructure.records import EpochPower
from psgpipe.model.night import StagedNight
from psgpipe.reports import night_words as words
from psgpipe.reports.png import png_of
from psgpipe.reports.power_panel import power_panel
from psgpipe.reports.rendering import render
from psgpipe.reports.shown_text import text_lines
from psgpipe.reports.spectrogram_image import Spectrogram, SpectrogramImage, spectrogram_image
from psgpipe.reports.stage_panels import (
    StageLevel,
    hypnogram_path,
    marked_path,
    shown_levels,
    stage_areas,
    stage_levels,
)
from psgpipe.reports.svg_path import px
from psgpipe.reports.time_axis import TimeAxis
from psgpipe.sleep.local_clock import LocalClock
from psgpipe.sleep.sedation import dose_end_s

WIDTH, LEFT, RIGHT = 1000.0, 56.0, 952.0
PNG_WIDTH = 1200
TITLE_LETTERS, LINE_LETTERS, MOST_DOUBTS = 84, 122, 4
LINE, CAPTION, GAP, ROW, LETTER = 18.0, 20.0, 8.0, 17.0, 8.2
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
class Mark:
    """A label above the panels, and the x of its line through them; None for a label alone."""

    kind: str
    label: str
    x: float | None
    at: float
    is_late: bool
    row: int = 0

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where the label goes, about."""
        length = LETTER * len(self.label)
        return (self.at - length, self.at + 8) if self.is_late else (self.at - 8, self.at + length)


@dataclass(frozen=True)
class Panel:
    """The place of a panel."""

    top: float
    height: float

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.top + self.height

    @property
    def shown(self) -> dict[str, str]:
        """The y of its caption, its upper and its lower edge, and its height."""
        return {
            "caption": px(self.top - 6), "top": px(self.top), "bottom": px(self.bottom),
            "height": px(self.height),
        }  # fmt: skip


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
    marks, top = _marks(staged, axis, clock), y + GAP
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
              "bottom": px(bottom), "middle": px((first + bottom) / 2)},
        "lines": lines,
        "key_numbers": _key_numbers(staged),
        "mark_lines": _mark_lines(marks, places, top),
        "mark_labels": _mark_labels(marks, top),
        "sedation": _sedation(hypnogram, axis, places),
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
            ("doubt", f"and {len(doubts) - len(shown)} more doubts: see report.html", LINE)
        )
    lines, y = [], 6.0
    for kind, text, height in texts:
        y += height
        lines.append(TextLine(kind, px(y), text))
    return lines, y


def _key_numbers(staged: StagedNight) -> list[dict[str, str]]:
    numbers = words.key_numbers(staged)
    return [
        {"x": px(24 + number * 160), "name": key.name, "value": key.value}
        for number, key in enumerate(numbers)
    ]


def _marks(staged: StagedNight, axis: TimeAxis, clock: LocalClock) -> list[Mark]:
    """Lights, the end of a dose and the sedation window, with labels that do not overlap."""
    lights, hypnogram = staged.lights, staged.hypnogram
    marks = [
        _light("off", lights.off_s, lights.off_source, axis, clock),
        _light("on", lights.on_s, lights.on_source, axis, clock),
    ]
    end_s = dose_end_s(staged.night, hypnogram.start, hypnogram.start_clock)
    if end_s is not None and 0 <= end_s <= axis.recorded_s:
        marks.append(_mark("dose", f"dose ends {_hh_mm(clock, end_s)}", end_s, axis))
    if hypnogram.sedation is not None and hypnogram.sedation.any():
        first_s = float(np.flatnonzero(hypnogram.sedation)[0]) * EPOCH_S
        mark = _mark("sedation", "shaded: may be sedation after a dose, not sleep", first_s, axis)
        marks.append(replace(mark, x=None))
    return _in_rows(marks)


def _light(word: str, seconds: float, source: str, axis: TimeAxis, clock: LocalClock) -> Mark:
    if source != "recording":
        return _mark("lights", f"lights {word} {_hh_mm(clock, seconds)}", seconds, axis)
    is_off = word == "off"
    label = f"lights {word} not known: {'start' if is_off else 'end'} of the recording counts"
    return Mark("lights", label, None, LEFT if is_off else RIGHT, not is_off)


def _mark(kind: str, label: str, seconds: float, axis: TimeAxis) -> Mark:
    x = min(max(axis.x(seconds), LEFT), RIGHT)
    is_late = x > (LEFT + RIGHT) / 2
    return Mark(kind, label, x, x - 5 if is_late else x + 5, is_late)


def _hh_mm(clock: LocalClock, seconds: float) -> str:
    shown = clock.clock_at(seconds)
    return shown[:5] if shown else f"{seconds / 60:.0f} min after the start"


def _in_rows(marks: list[Mark]) -> list[Mark]:
    """Each label in the first row where it covers no other."""
    placed: list[Mark] = []
    for mark in marks:
        row = 0
        while any(other.row == row and _overlap(mark, other) for other in placed):
            row += 1
        placed.append(replace(mark, row=row))
    return placed


def _overlap(mark: Mark, other: Mark) -> bool:
    return mark.reach[0] < other.reach[1] and other.reach[0] < mark.reach[1]


def _sedation(hypnogram: Hypnogram, axis: TimeAxis, places: Sequence[Panel]) -> str:
    if hypnogram.sedation is None:
        return ""
    marks = [bool(mark) for mark in hypnogram.sedation]
    return "".join(marked_path(marks, axis, place.top, place.height) for place in places)


def _mark_lines(marks: Sequence[Mark], places: Sequence[Panel], top: float) -> list[dict[str, str]]:
    """The lines of the marks: from the label to the first panel, and through every panel."""
    lines = []
    for mark in marks:
        if mark.x is not None:
            y = [(top + ROW * mark.row + 3, places[0].bottom)]
            y += [(place.top, place.bottom) for place in places[1:]]
            path = "".join(f"M{px(mark.x)} {px(a)}V{px(b)}" for a, b in y)
            lines.append({"kind": mark.kind, "path": path})
    return lines


def _mark_labels(marks: Sequence[Mark], top: float) -> list[dict[str, str]]:
    return [
        {"kind": mark.kind, "x": px(mark.at), "y": px(top + ROW * mark.row + 13),
         "anchor": "end" if mark.is_late else "start", "label": mark.label}
        for mark in marks
    ]  # fmt: skip


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
