"""The spectrogram of a night as a small image with a palette."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.messages import count_of
from psgpipe.reports.colours import NO_STAGE
from psgpipe.reports.png import data_uri, palette_png
from psgpipe.signals.quantiles import quantile

# Ten colours of viridis (van der Walt and Smith 2015, CC0): even steps for every eye, and in grey.
_ANCHORS = (
    "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725"
)  # fmt: skip
N_COLOURS = 64
MOST_ROWS = 64
"""The panel is about a hundred pixels high; more rows make the files larger and show noise."""
LOWEST_PERCENTILE, HIGHEST_PERCENTILE = 5, 99


class Spectrogram(NamedTuple):
    """Power of each epoch.

    `freqs_hz` has the shape (n_freqs,), `power_db` (n_freqs, n_epochs): dB relative to 1 uV^2/Hz,
    NaN where there is no signal. `derivation` is the one it belongs to.
    """

    freqs_hz: npt.NDArray[np.float64]
    power_db: npt.NDArray[np.float64]
    derivation: str

    def __repr__(self) -> str:
        n_freqs, n_epochs = self.power_db.shape
        epochs = count_of(n_epochs, "epoch")
        return f"<Spectrogram of {self.derivation}: {n_freqs} frequencies, {epochs}>"


class SpectrogramImage(NamedTuple):
    """A spectrogram as the address of an image; `low_db` is its darkest colour."""

    uri: str
    lowest_hz: float
    highest_hz: float
    low_db: float
    high_db: float


def spectrogram_image(spectrogram: Spectrogram) -> SpectrogramImage | None:
    """The image, one column an epoch and the highest frequency on top; None without any signal."""
    power_db = _in_fewer_rows(spectrogram.power_db)
    is_signal = np.isfinite(power_db)
    if not is_signal.any():
        return None
    with_signal_db = power_db[is_signal].astype(np.float64)
    low, high = (quantile(with_signal_db, p / 100) for p in (LOWEST_PERCENTILE, HIGHEST_PERCENTILE))
    share = (power_db - low) / max(high - low, 1e-9)
    level = np.nan_to_num(np.clip(share, 0, 1)) * (N_COLOURS - 1)
    indices = np.where(is_signal, np.round(level), N_COLOURS).astype(np.uint8)
    uri = data_uri(palette_png(indices[::-1], _palette()))
    lowest_hz, highest_hz = float(spectrogram.freqs_hz[0]), float(spectrogram.freqs_hz[-1])
    return SpectrogramImage(uri, lowest_hz, highest_hz, low, high)


def _in_fewer_rows(power_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean of each few neighbouring frequencies, at most `MOST_ROWS` rows."""
    n_frequencies, n_epochs = power_db.shape
    n_together = -(-n_frequencies // MOST_ROWS)
    n_rows = n_frequencies // n_together
    rows = power_db[: n_rows * n_together].reshape(n_rows, n_together, n_epochs)
    fewer: npt.NDArray[np.float64] = rows.mean(axis=1)
    return fewer


def _palette() -> npt.NDArray[np.uint8]:
    """The colours from low to high power, then the one of epochs without signal."""
    anchors = np.array([_rgb(colour) for colour in _ANCHORS.split()], dtype=float)
    at = np.linspace(0, len(anchors) - 1, N_COLOURS)
    known = np.arange(len(anchors))
    colours = np.column_stack([np.interp(at, known, anchors[:, c]) for c in range(3)])
    return np.vstack([np.round(colours), _rgb(NO_STAGE.removeprefix("#"))]).astype(np.uint8)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour))
