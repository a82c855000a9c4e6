"""A derivation that is worked out when it is looked at, and from no more than is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from psgpipe.model.digital import EVERYTHING, DigitalRecording, Floats
from psgpipe.model.montage import Derivation
from psgpipe.model.recording import ALL_HZ, Band, Recording, Segment

# A piece of this many samples stays in the processor's cache from its first term to its last.
PIECE_SAMPLES = 1 << 16


@dataclass(frozen=True, eq=False)
class DerivedSignal:
    """One derivation over the integers of its channels.

    Attributes
    ----------
    derivation : what to build.
    channels : its channels, one row for each term, in the order of the terms.
    """

    derivation: Derivation
    channels: DigitalRecording

    @property
    def derivations(self) -> tuple[str, ...]:
        """The derivation's name, as of a recording with this one row."""
        return (self.derivation.name,)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The derivation's role, likewise."""
        return (self.derivation.role,)

    @property
    def fs_hz(self) -> float:
        """Sampling rate."""
        return self.channels.fs_hz

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The unbroken stretches."""
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
        """Nothing of it was filtered."""
        return ALL_HZ

    @property
    def n_rows(self) -> int:
        """Always one."""
        return 1

    @property
    def is_digital(self) -> bool:
        """Whether it is one channel, so that its integers can stand for it."""
        return len(self.derivation.terms) == 1

    def stretch_uv(self, columns: slice = EVERYTHING, _row: int = 0) -> Floats:
        """Samples in microvolt, shape (n_columns,); nothing is kept."""
        first, end, _ = columns.indices(self.channels.n_samples)
        made = np.empty(max(0, end - first))
        for at in range(first, end, PIECE_SAMPLES):
            piece = slice(at, min(at + PIECE_SAMPLES, end))
            self._fill(piece, made[piece.start - first : piece.stop - first])
        return made

    def _fill(self, columns: slice, out: Floats) -> None:
        """The weighted sum of the channels; a channel used as it is keeps its very samples."""
        terms, channels = self.derivation.terms, self.channels
        channels.scales[0].to_uv(channels.rows[0][columns], out=out)
        if terms[0].weight != 1.0:
            out *= terms[0].weight
        for row, term in enumerate(terms[1:], start=1):
            part = channels.stretch_uv(columns, row)
            if term.weight != 1.0:
                part *= term.weight
            out += part

    def levels(self, columns: slice = EVERYTHING, _row: int = 0) -> npt.NDArray[np.number[Any]]:
        """Numbers that rise and stand still with the voltage: integers, if of one channel."""
        if not self.is_digital:
            return self.stretch_uv(columns)
        digital = self.channels.levels(columns)
        return digital if self.derivation.terms[0].weight > 0 else ~digital

    def build(self) -> Recording:
        """The whole derivation in microvolt."""
        channels = self.channels
        reach = [
            sorted(end * term.weight for end in scale.limits_uv)
            for scale, term in zip(channels.scales, self.derivation.terms, strict=True)
        ]
        return Recording(
            signals_uv=self.stretch_uv()[None, :],
            derivations=self.derivations,
            fs_hz=self.fs_hz,
            start=channels.start,
            start_clock=channels.start_clock,
            segments=self.segments,
            kinds=self.kinds,
            # What it can reach when every channel stands at its own limit.
            digital_limits_uv=((sum(low for low, _ in reach), sum(high for _, high in reach)),),
            annotations=channels.annotations,
            findings=channels.findings,
            file=channels.file,
        )


def derive_signal(derivation: Derivation, recorded: tuple[DigitalRecording, ...]) -> DerivedSignal:
    """The derivation over whichever of `recorded` holds all of its channels."""
    source = next(r for r in recorded if set(derivation.labels) <= set(r.labels))
    return DerivedSignal(derivation, source.pick(*derivation.labels))
