"""Samples of one channel: their integers, and the findings about them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from psgpipe.edf.findings import Findings
from psgpipe.edf.records import Bytes
from psgpipe.messages import quoted
from psgpipe.model.digital_recording import Digital, Scale
from psgpipe.model.header import Affected, Channel

# Shares of samples up to which there is no finding.
_LEAST_RAILED = 1e-3
_LEAST_OUTSIDE = 0.0
_LEAST_ZERO_TAIL_S = 10.0
# A drop-out jumps to the rail; a clipped wave creeps up to it.
_JUMP_OF_RANGE = 0.1
# A wave has its highest value for a moment only. Fewer levels than these are no wave.
_LEAST_PLATEAU = 5e-3
_LEAST_LEVELS = 100
# No biosignal is outside; a wrong unit is.
_SD_UV = (0.2, 10_000.0)
_THINNED = 64


def scale_of(channel: Channel, uv_per_unit: float) -> Scale:
    """The scale of a channel whose header was found usable."""
    low, high = channel.digital_min, channel.digital_max
    bottom, top = channel.physical_min, channel.physical_max
    if low is None or high is None or bottom is None or top is None:
        raise ValueError("a channel without limits has no scale")
    return Scale(low, high, (top - bottom) / (high - low), bottom, uv_per_unit)


def as_integers(piece: Bytes, sample_bytes: int) -> Digital:
    """Two's complement, little-endian, 16 or 24 bit; shape (n_records, n_samples)."""
    n_records, n_bytes = piece.shape
    if sample_bytes == 2:
        return piece.view("<i2")
    wide = np.zeros((n_records, n_bytes // 3, 4), np.uint8)
    wide[:, :, 1:] = piece.reshape(n_records, n_bytes // 3, 3)
    return wide.view("<i4")[:, :, 0] >> 8


class ChannelSamples:
    """One channel's samples in file order, counted as they are added."""

    def __init__(self, channel: Channel, scale: Scale, n_per_record: int, out: Digital) -> None:
        self.channel = channel
        self.scale = scale
        self._n_per_record = n_per_record
        self._out = out
        self._n_low = self._n_high = self._n_below = self._n_above = 0
        self._jumps = self._entries = self._n_least = self._n_most = 0
        self._last_nonzero = -1
        self._least, self._most = 1 << 30, -(1 << 30)

    def add(self, record: int, at_sample: int, digital: Digital) -> None:
        """Copy a piece to its place, and count extremes, rails and zeros in it."""
        first = record * self._n_per_record + at_sample
        flat = self._out[first : first + digital.size]
        flat.reshape(digital.shape)[:] = digital
        least, most = int(flat.min()), int(flat.max())
        self._count_extremes(flat, least, most)
        if least <= self.scale.digital_min or most >= self.scale.digital_max:
            self._count_rails(flat)
        if flat[-1] or (least, most) != (0, 0):
            self._last_nonzero = (
                first + int(np.flatnonzero(flat)[-1]) if not flat[-1] else (first + flat.size - 1)
            )

    def _count_extremes(self, flat: Digital, least: int, most: int) -> None:
        if least <= self._least:
            before = self._n_least if least == self._least else 0
            self._n_least = before + int(np.count_nonzero(flat == least))
            self._least = least
        if most >= self._most:
            before = self._n_most if most == self._most else 0
            self._n_most = before + int(np.count_nonzero(flat == most))
            self._most = most

    def _count_rails(self, flat: Digital) -> None:
        low, high = self.scale.digital_min, self.scale.digital_max
        self._n_below += int(np.count_nonzero(flat < low))
        self._n_above += int(np.count_nonzero(flat > high))
        railed = (flat <= low) | (flat >= high)
        self._n_low += int(np.count_nonzero(flat == low))
        self._n_high += int(np.count_nonzero(flat == high))
        entered = np.flatnonzero(railed[1:] & ~railed[:-1])
        heights = np.abs(flat[entered + 1].astype(np.int64) - flat[entered])
        self._entries += len(entered)
        self._jumps += int(np.count_nonzero(heights > _JUMP_OF_RANGE * (high - low)))

    def report(self, findings: Findings, fs_hz: float) -> None:
        """Add the findings about all samples."""
        self._report_range(findings)
        self._report_rails(findings)
        self._report_zero_tail(findings, fs_hz)
        self._report_amplitude(findings)

    def _report(
        self, findings: Findings, code: str, message: str, affects: Affected = "nothing"
    ) -> None:
        label, index = self.channel.label, self.channel.index
        findings.add(code, f"{quoted(label)}: {message}", label, index, affects=affects)

    def _report_range(self, findings: Findings) -> None:
        share = (self._n_below + self._n_above) / self._out.size
        if share > _LEAST_OUTSIDE:
            low, high = self.scale.digital_min, self.scale.digital_max
            message = f"{_percent(share)} of samples lie outside the digital range {low} to {high}"
            # A few samples just outside are harmless; more of them mean wrong limits, a wrong gain.
            has_many = share >= _LEAST_RAILED
            self._report(
                findings, "digital-out-of-range", message, "numbers" if has_many else "nothing"
            )

    def _report_rails(self, findings: Findings) -> None:
        share = (self._n_low + self._n_high) / self._out.size
        if self._least == self._most:
            return
        if share < _LEAST_RAILED:
            self._report_plateau(findings)
        elif self._jumps > self._entries / 2:
            message = f"drop-outs: {_percent(share)} of samples jump to a digital extreme"
            self._report(findings, "drop-outs", message)
        else:
            message = f"clipped: {_percent(share)} of samples are at the digital extremes"
            self._report(findings, "clipped", message)

    def _report_plateau(self, findings: Findings) -> None:
        """An amplifier that rails below the file's own limits leaves flat tops."""
        if self._most - self._least < _LEAST_LEVELS:
            return
        for which, count in (("lowest", self._n_least), ("highest", self._n_most)):
            share = count / self._out.size
            if share >= _LEAST_PLATEAU:
                message = f"{_percent(share)} of samples have exactly the {which} number recorded"
                self._report(findings, "plateau", f"{message}: clipped, or not a wave")

    def _report_zero_tail(self, findings: Findings, fs_hz: float) -> None:
        tail_s = (self._out.size - 1 - self._last_nonzero) / fs_hz
        if self._least != self._most and tail_s >= _LEAST_ZERO_TAIL_S:
            message = f"the last {tail_s:g} s are exact digital zero: probably never written"
            self._report(findings, "zero-tail", message, "gaps")

    def _report_amplitude(self, findings: Findings) -> None:
        if self._least == self._most:
            self._report(findings, "flat", "flat: every sample has the same value")
            return
        if self._is_surely_plausible():
            return
        sd_uv = _sd(self.scale.to_uv(self._out))
        if not _SD_UV[0] <= sd_uv <= _SD_UV[1]:
            message = f"standard deviation {sd_uv:.3g} uV is implausible: is the unit right?"
            # Drift can make any sound channel large; nothing but its unit, or its end, this small.
            is_small = sd_uv < _SD_UV[0]
            self._report(
                findings, "amplitude-implausible", message, "numbers" if is_small else "nothing"
            )

    def _is_surely_plausible(self) -> bool:
        """Whether cheap bounds of the standard deviation lie in the plausible range.

        It is at most half of the range (Popoviciu). Its square is at least the variance of some of
        the values, times their share.
        """
        uv_per_level = abs(self.scale.gain) * self.scale.uv_per_unit
        some = self._one_in_64()
        least_uv = float(some.std()) * (some.size / self._out.size) ** 0.5 * uv_per_level
        most_uv = (self._most - self._least) / 2 * uv_per_level
        return 2 * _SD_UV[0] < least_uv and most_uv < _SD_UV[1] / 2

    def _one_in_64(self) -> Digital:
        """One in 64 samples, 64 at a time: single ones would cost as much as all of them."""
        n_whole = self._out.size // _THINNED**2 * _THINNED**2
        if not n_whole:
            return self._out
        return self._out[:n_whole].reshape(-1, _THINNED**2)[:, :_THINNED]


def _sd(values: npt.NDArray[np.float64]) -> float:
    """Standard deviation without a second array of the same size."""
    mean = float(values.mean())
    square = float(np.dot(values, values)) / values.size - mean * mean
    return float(np.sqrt(max(square, 0.0)))


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
