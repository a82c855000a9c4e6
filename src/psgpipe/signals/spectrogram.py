"""The spectrogram of a night, epoch by epoch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from psgpipe.model.recording import Recording
from psgpipe.signals.epochs import epoch_matrix

WINDOW_S = 4.0


def epoch_spectrogram(
    recording: Recording, n_epochs: int, highest_hz: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Welch power of each epoch of the first derivation.

    Hann windows of 4 s, half overlapping, mean over the epoch (Welch 1967).

    Returns
    -------
    freqs_hz
        Shape (n_freqs,), up to `highest_hz`.
    power_db
        Shape (n_freqs, n_epochs), dB relative to 1 uV^2/Hz; NaN where there is no signal.
    """
    n_window = round(WINDOW_S * recording.fs_hz)
    freqs_hz = np.fft.rfftfreq(n_window, 1 / recording.fs_hz).astype(np.float64)
    shown = freqs_hz <= highest_hz
    power_db = np.full((int(shown.sum()), n_epochs), np.nan)
    taper = np.hanning(n_window)
    scale = 2 / (recording.fs_hz * (taper**2).sum())
    for epoch, signal in enumerate(epoch_matrix(recording, 0)[:n_epochs]):
        if not np.isfinite(signal).all():
            continue
        windows = np.lib.stride_tricks.sliding_window_view(signal, n_window)[:: n_window // 2]
        power = scale * (np.abs(np.fft.rfft(windows * taper, axis=1)) ** 2).mean(axis=0)
        power_db[:, epoch] = 10 * np.log10(np.maximum(power[shown], 1e-6))
    return freqs_hz[shown], power_db
