"""A derivation whose samples are computed from those of its channels on access."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from psgpipe.model.digital_recording import EVERYTHING, DigitalRecording, Floats, Samples
from psgpipe.model.montage import Derivation
from psgpipe.model.recording import Recording
from psgpipe.model.sampled_signal import ALL_HZ, Band, Columns, Segment

# A piece of this many samples stays in the processor's cache from its first term to its last.
PIECE_SAMPLES = 1 << 16


@dataclass(frozen=True, eq=False)
class DerivedSignal:
    """One derivation, and its channels: one row for each term, in the order of the terms."""

    derivation: Derivation
    channels: DigitalRecording

    @property
    def derivations(self) -> tuple[str, ...]:
        """The name of its one row."""
        return (self.derivation.name,)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The role of its one row."""
        return (self.derivation.role,)

    @property
    def fs_hz(self) -> float:
        """Sampling rate."""
        return self.channels.fs_hz

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Samples without a gap between them, in time order."""
        return self.channels.segments

    @property
    def duration_s(self) -> float:
        """Seconds of signal, gaps not counted."""
        return self.channels.duration_s

    @property
    def span_s(self) -> float:
        """Seconds from the first to behind the last sample, gaps counted."""
        return self.channels.span_s

    @property
    def band_hz(self) -> Band:
        """Everything: it is not filtered."""
        return ALL_HZ

    @property
    def n_rows(self) -> int:
        """Always one."""
        return 1

    @property
    def is_one_channel(self) -> bool:
        """Whether it is a channel as recorded."""
        return len(self.derivation.terms) == 1

    @property
    def is_digital(self) -> bool:
        """Whether it is a single channel of integers, so that its levels are integers."""
        return self.is_one_channel and self.channels.is_digital

    def samples_uv(self, columns: Columns = EVERYTHING, _row: int = 0) -> Floats:
        """Samples in microvolt, shape (n_columns,)."""
        rows = [row[columns] for row in self.channels.rows]
        samples_uv = np.empty(rows[0].shape)
        for at in range(0, len(samples_uv), PIECE_SAMPLES):
            piece = slice(at, at + PIECE_SAMPLES)
            self._fill([row[piece] for row in rows], samples_uv[piece])
        return samples_uv

    def _fill(self, rows: list[Samples], out: Floats) -> None:
        """Write the weighted sum of the channels; of a single channel, exactly its samples."""
        scales = self.channels.scales
        weights = [term.weight for term in self.derivation.terms]
        if weights == [1.0]:
            scales[0].to_uv(rows[0], out=out)
            return
        # The sum is made in integers, in steps of the first channel. It is exact where all steps
        # are equal, as they usually are, and is scaled once instead of once for each channel.
        steps = [w * scale.step_uv for w, scale in zip(weights, scales, strict=True)]
        out[...] = rows[0]
        for row, step in zip(rows[1:], steps[1:], strict=True):
            _add(out, row, step / steps[0])
        out *= steps[0]
        zero_uv = sum(w * scale.zero_uv for w, scale in zip(weights, scales, strict=True))
        if zero_uv:
            out += zero_uv

    def levels(self, columns: slice = EVERYTHING, _row: int = 0) -> npt.NDArray[np.number[Any]]:
        """Numbers that rise and stand still with the voltage; integers for a single channel."""
        if not self.is_digital:
            return self.samples_uv(columns)
        levels = self.channels.levels(columns)
        return levels if self.derivation.terms[0].weight > 0 else np.invert(levels)

    def level_uv(self, _row: int = 0) -> float:
        """Microvolts from one level to the next; 1 where levels are microvolts."""
        weight = abs(self.derivation.terms[0].weight)
        return weight * self.channels.level_uv(0) if self.is_digital else 1.0

    def build(self) -> Recording:
        """The whole derivation in microvolt."""
        channels = self.channels
        ranges_uv = [
            sorted(limit_uv * term.weight for limit_uv in scale.limits_uv)
            for scale, term in zip(channels.scales, self.derivation.terms, strict=True)
        ]
        return Recording(
            signals_uv=self.samples_uv()[None, :],
            derivations=self.derivations,
            fs_hz=self.fs_hz,
            start=channels.start,
            start_clock=channels.start_clock,
            segments=self.segments,
            kinds=self.kinds,
            # Its values when every channel is at its own limit.
            digital_limits_uv=(
                ((sum(low for low, _ in ranges_uv), sum(high for _, high in ranges_uv)),)
                if channels.is_digital
                else ()
            ),
            annotations=channels.annotations,
            findings=channels.findings,
            file=channels.file,
        )


def _add(out: Floats, digital: Samples, times: float) -> None:
    if times == 1.0:
        out += digital
    elif times == -1.0:
        out -= digital
    else:
        out += digital * times


def derive_signal(derivation: Derivation, recorded: tuple[DigitalRecording, ...]) -> DerivedSignal:
    """The derivation, from the one of the recordings that has all of its channels."""
    recording = next(r for r in recorded if set(derivation.labels) <= set(r.labels))
    return DerivedSignal(derivation, recording.pick(*derivation.labels))
