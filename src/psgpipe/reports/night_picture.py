"""The picture of a night: hypnodensity, hypnogram and spectrogram on one time axis."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from psgpipe.matplotlib_import import default_style
from psgpipe.model.hypnogram import EPOCH_S, SCORED, Hypnodensity, Hypnogram, SleepStage
from psgpipe.model.night import Lights

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Wake light, sleep darker with depth, REM apart: distinct for colour-blind eyes and in grey.
STAGE_COLOURS = {
    SleepStage.W: "#f2c14e",
    SleepStage.N1: "#a6d0e4",
    SleepStage.N2: "#4f94cd",
    SleepStage.N3: "#1b3a6b",
    SleepStage.R: "#c8385a",
}
HYPNOGRAM_ORDER = (SleepStage.N3, SleepStage.N2, SleepStage.N1, SleepStage.R, SleepStage.W)
NOT_SCORED_COLOUR = "#bdbdbd"
SEDATION_COLOUR = "#e4d3f0"
DOUBT_COLOUR = "#9c2f1e"
TITLE_LENGTH = 130
DOUBT_LENGTH = 150
MARKS = "dashed lines: lights off and lights on, where known; grey: no stage"


def night_pictures(
    hypnogram: Hypnogram,
    hypnodensity: Hypnodensity,
    lights: Lights,
    title: str,
    spectrogram: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None,
    doubt: str = "",
) -> dict[str, bytes]:
    """The night's picture as ``hypnogram.svg`` and ``hypnogram.png``; equal input, equal bytes.

    Parameters
    ----------
    title
        Shown as it is; nothing in it is interpreted.
    doubt
        Why the numbers of the night are doubtful, shown above the title; blank where they are not.
    spectrogram
        Frequencies in Hz, shape (n_freqs,), and power in dB, shape (n_freqs, n_epochs), NaN where
        there is no signal; None draws two panels.
    """
    style = {"svg.hashsalt": "psgpipe", "svg.fonttype": "none", "font.family": "DejaVu Sans"}
    with default_style(style):
        figure = _draw(hypnogram, hypnodensity, lights, title, spectrogram, doubt)
        return {
            "hypnogram.svg": _stable_ids(
                _bytes(figure, "svg", {"Date": None, "Creator": "psgpipe"})
            ),
            "hypnogram.png": _bytes(figure, "png", {"Software": "psgpipe"}),
        }


def _bytes(figure: Figure, kind: str, metadata: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The font may lack the letters of an id; the title then shows a box.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        figure.savefig(buffer, format=kind, metadata=metadata, dpi=110)
    return buffer.getvalue()


def _stable_ids(svg: bytes) -> bytes:
    """The SVG with ids numbered in order of appearance.

    Matplotlib counts clip paths over the life of a process: the second picture of a worker would
    not have the bytes of the first.
    """
    text = svg.decode("utf-8")
    ids = dict.fromkeys(re.findall(r'(?:#|id=")([a-z]+[0-9a-f]{10})\b', text))
    new = {old: f"x{number}" for number, old in enumerate(ids)}
    pattern = re.compile(r'(#|id=")([a-z]+[0-9a-f]{10})\b')
    return pattern.sub(lambda m: m[1] + new[m[2]], text).encode("utf-8")


def _draw(
    hypnogram: Hypnogram,
    hypnodensity: Hypnodensity,
    lights: Lights,
    title: str,
    spectrogram: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None,
    doubt: str,
) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [1.0, 1.1, 1.0][: 3 if spectrogram else 2]
    figure = Figure(figsize=(11, 2.1 * len(heights) + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(
        len(heights), 1, sharex=True, gridspec_kw={"height_ratios": heights}, squeeze=False
    )[:, 0]
    # The layout makes room for half the title: a long one would squeeze the axes to nothing.
    axes[0].set_title(_cut(title, TITLE_LENGTH), loc="left", fontsize=10, parse_math=False)
    if doubt:
        line, style = _cut(doubt, DOUBT_LENGTH), {"fontsize": 9, "color": DOUBT_COLOUR}
        figure.suptitle(line, x=0.01, ha="left", parse_math=False, **style)
    _hypnodensity(axes[0], hypnodensity)
    _hypnogram(axes[1], hypnogram)
    if spectrogram:
        _spectrogram(axes[2], *spectrogram)
    for axis in axes:
        _mark_lights(axis, lights)
    _time_axis(axes[-1], hypnogram)
    return figure


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _hypnodensity(axis: Axes, hypnodensity: Hypnodensity) -> None:
    edges_h = np.arange(len(hypnodensity) + 1) * EPOCH_S / 3600
    # Each epoch is one flat step; repeating the last closes the right-hand edge.
    steps = np.vstack([hypnodensity.probabilities, hypnodensity.probabilities[-1:]])
    heights = np.cumsum(steps[:, ::-1], axis=1)
    below = np.zeros(len(steps))
    for stage, height in zip(reversed(SCORED), heights.T, strict=True):
        axis.fill_between(
            edges_h, below, height, step="post", color=STAGE_COLOURS[stage], lw=0, label=stage
        )
        below = height
    axis.set(ylim=(0, 1), ylabel="probability", yticks=[0, 0.5, 1])
    handles, names = axis.get_legend_handles_labels()
    axis.legend(
        handles[::-1], names[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False
    )


def _hypnogram(axis: Axes, hypnogram: Hypnogram) -> None:
    level = {stage: i for i, stage in enumerate(HYPNOGRAM_ORDER)}
    edges_h = np.arange(len(hypnogram) + 1) * EPOCH_S / 3600
    levels = np.array([level.get(stage, np.nan) for stage in hypnogram.stages], dtype=float)
    axis.stairs(levels, edges_h, baseline=None, color="#333333", lw=1.0)
    in_rem = np.where(hypnogram.is_any((SleepStage.R,)), levels, np.nan)
    axis.hlines(in_rem, edges_h[:-1], edges_h[1:], color=STAGE_COLOURS[SleepStage.R], lw=3.5)
    _shade(axis, ~hypnogram.valid, edges_h, NOT_SCORED_COLOUR)
    if hypnogram.sedation is not None and hypnogram.sedation.any():
        _shade(axis, hypnogram.sedation, edges_h, SEDATION_COLOUR)
        middle_h = edges_h[np.flatnonzero(hypnogram.sedation).mean().astype(int)]
        axis.text(middle_h, len(level) - 0.5, "may be sedation, not sleep", va="top", ha="center")
    axis.set(
        ylim=(-0.6, len(level) - 0.4),
        yticks=list(level.values()),
        yticklabels=list(level),
        ylabel="stage",
        xlim=(0, edges_h[-1]),
    )
    axis.grid(axis="y", color="#e6e6e6", lw=0.6)
    axis.set_axisbelow(True)


def _shade(
    axis: Axes, epochs: npt.NDArray[np.bool_], edges_h: npt.NDArray[np.float64], colour: str
) -> None:
    """Shade every run of marked epochs."""
    change = np.flatnonzero(np.diff(np.r_[False, epochs, False].astype(int)))
    for first, last in change.reshape(-1, 2):
        axis.axvspan(edges_h[first], edges_h[last], color=colour, alpha=0.5, lw=0)


def _spectrogram(
    axis: Axes, freqs_hz: npt.NDArray[np.float64], power_db: npt.NDArray[np.float64]
) -> None:
    finite = power_db[np.isfinite(power_db)]
    low, high = np.percentile(finite, [5, 99]) if finite.size else (0.0, 1.0)
    extent = (0, power_db.shape[1] * EPOCH_S / 3600, freqs_hz[0], freqs_hz[-1])
    axis.imshow(
        power_db,
        origin="lower",
        aspect="auto",
        extent=extent,
        vmin=low,
        vmax=high,
        cmap="viridis",
        interpolation="nearest",
    )
    axis.set(ylabel="frequency (Hz)")


def _mark_lights(axis: Axes, lights: Lights) -> None:
    for seconds, source in ((lights.off_s, lights.off_source), (lights.on_s, lights.on_source)):
        if source != "recording":
            axis.axvline(seconds / 3600, color="black", lw=1, ls=(0, (4, 2)))


def _time_axis(axis: Axes, hypnogram: Hypnogram) -> None:
    length_h = len(hypnogram) * EPOCH_S / 3600
    step_h = next(s for s in (1 / 60, 5 / 60, 0.25, 0.5, 1, 2, 4, 24) if length_h / s <= 13)
    if hypnogram.start_clock is None:
        ticks = np.arange(0, length_h + 1e-9, step_h)
        unit = 60 if step_h < 0.25 else 1
        axis.set_xticks(ticks, [f"{tick * unit:g}" for tick in ticks])
        since = f"{'minutes' if unit == 60 else 'hours'} since the recording started"
        axis.set_xlabel(f"{since}; {MARKS}")
        return
    clock = hypnogram.start_clock
    start_h = clock.hour + clock.minute / 60 + (clock.second + clock.microsecond / 1e6) / 3600
    ticks = np.arange(np.ceil(start_h / step_h - 1e-9) * step_h, start_h + length_h + 1e-9, step_h)
    axis.set_xticks(ticks - start_h, [_hh_mm(tick) for tick in ticks])
    axis.set_xlabel(f"clock time; {MARKS}")


def _hh_mm(hours: float) -> str:
    minutes = round(hours * 60) % (24 * 60)
    return dt.time(minutes // 60, minutes % 60).strftime("%H:%M")
