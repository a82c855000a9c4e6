"""A recording: samples of channels or derivations in microvolt."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from psgpipe.messages import count_of
from psgpipe.model.arrays import read_only
from psgpipe.model.header import Annotation, Finding
from psgpipe.model.sampled_signal import ALL_HZ, Band, Columns, Segment, span_of

if TYPE_CHECKING:
    import mne.io


@dataclass(frozen=True, eq=False)
class Recording:
    """Samples of one or more channels or derivations at one sampling rate.

    Attributes
    ----------
    signals_uv
        float64, shape (n_derivations, n_samples), microvolt; read-only. Gaps have no samples, see
        `segments`.
    derivations
        One name for each row; as read from a file, the labels in the file.
    kinds
        ``eeg``, ``eog``, ``emg``, ``ecg`` or ``misc`` for each row. MNE, and with it YASA, does not
        convert ``misc`` from volt.
    start, start_clock
        Naive local date and time, and time of day, of the first sample; None where not known.
    segments
        (onset_s, n_samples) of the samples between gaps, in time order; onsets count from `start`.
    digital_limits_uv
        (low, high) that each row can store; a sample there is railed. Empty where not known.
    band_hz
        The band left by psgpipe's own filters (not the amplifier's).
    """

    signals_uv: npt.NDArray[np.float64]
    derivations: tuple[str, ...]
    fs_hz: float
    start: dt.datetime | None = None
    start_clock: dt.time | None = None
    segments: tuple[Segment, ...] = ()
    kinds: tuple[str, ...] = ()
    digital_limits_uv: tuple[tuple[float, float], ...] = ()
    band_hz: Band = ALL_HZ
    annotations: tuple[Annotation, ...] = ()
    findings: tuple[Finding, ...] = ()
    file: str = ""

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "signals_uv", read_only(self.signals_uv, np.float64))
        if not self.segments:
            set_field(self, "segments", (Segment(0.0, self.signals_uv.shape[1]),))
        if not self.kinds:
            set_field(self, "kinds", ("misc",) * len(self.derivations))

    def __repr__(self) -> str:
        names, start = ", ".join(self.derivations), self.start or self.start_clock
        shown = names if len(names) <= 80 else f"{names[:77]}..."
        return (
            f"<Recording: {shown}; {self.fs_hz:g} Hz, {self.duration_s / 60:.1f} min from "
            f"{start or 'an unknown time'}, {count_of(len(self.findings), 'finding')}>"
        )

    def _repr_html_(self) -> str:
        from psgpipe.model.conversions.html_table import html_table

        rows = zip(self.derivations, self.kinds, strict=True)
        return html_table(rows, ("derivation", "kind"), repr(self)[1:-1])

    @property
    def duration_s(self) -> float:
        """Seconds of signal, gaps not counted."""
        return float(self.signals_uv.shape[1] / self.fs_hz)

    @property
    def span_s(self) -> float:
        """Seconds from the first to behind the last sample, gaps counted."""
        return span_of(self.segments, self.fs_hz)

    @property
    def n_rows(self) -> int:
        """How many derivations there are."""
        return len(self.derivations)

    @property
    def is_digital(self) -> bool:
        """False: levels are microvolts."""
        return False

    def samples_uv(self, columns: Columns = slice(None), row: int = 0) -> npt.NDArray[np.float64]:
        """Samples of one row."""
        return self.signals_uv[row, columns]

    def levels(self, columns: slice = slice(None), row: int = 0) -> npt.NDArray[np.float64]:
        """Numbers that rise and stand still with the voltage of one row: the voltage itself."""
        return self.signals_uv[row, columns]

    def level_uv(self, _row: int = 0) -> float:
        """1, because levels are microvolts."""
        return 1.0

    def pick(self, *derivations: str) -> Recording:
        """The same recording with only these rows, in this order."""
        rows = [self.derivations.index(name) for name in derivations]
        limits = tuple(self.digital_limits_uv[r] for r in rows) if self.digital_limits_uv else ()
        return replace(
            self,
            signals_uv=self.signals_uv[rows],
            derivations=derivations,
            kinds=tuple(self.kinds[r] for r in rows),
            digital_limits_uv=limits,
        )

    def to_mne(self) -> mne.io.RawArray:
        """The recording as :class:`mne.io.RawArray`: volt, typed channels, gaps as annotations.

        A gap is filled with zeros and marked ``BAD_gap``, so that MNE's own clock stays right.
        ``meas_date`` is the local start, which MNE calls UTC.
        """
        from psgpipe.model.conversions.to_mne import to_mne

        return to_mne(self)
