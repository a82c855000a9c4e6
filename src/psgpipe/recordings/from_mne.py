"""A recording from an ``mne.io.Raw``: its channels in microvolt, its clock, its gaps.

MNE gives every channel of a file the highest rate, reads a file with gaps as one without, and
calls the local time of most formats UTC. What would then be wrong is refused or left unknown.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from psgpipe.edf.reader import read_header
from psgpipe.errors import PsgpipeError, RecordingUnreadable, UsageError
from psgpipe.files.regular import file_name
from psgpipe.messages import quoted
from psgpipe.model.digital_recording import DigitalRecording
from psgpipe.model.header import Annotation, Channel, Finding, Header
from psgpipe.model.sampled_signal import Segment, span_of
from psgpipe.recordings.from_arrays import microvolt_recording
from psgpipe.recordings.given_recording import GivenStart, checked_start, header_from

if TYPE_CHECKING:
    import mne.io

NAME = "Raw"
UNIT_VOLT = 107
"""MNE's code for volt, FIFF_UNIT_V."""
GAPS = ("bad_gap", "bad_acq_skip")
"""Annotations of MNE and of psgpipe over samples that were not recorded."""
EDF_SUFFIXES = (".edf", ".bdf", ".rec")
LOCAL_SUFFIXES = (*EDF_SUFFIXES, ".gdf", ".vhdr", ".eeg", ".vmrk")
"""Formats that hold local time, which MNE calls UTC."""
LEAST_GAP_S = 1.0
MOST_HIGHPASS_HZ, LEAST_LOWPASS_HZ = 1.0, 30.0
"""Amplifiers filter below 1 Hz; above that, and below 30 Hz, stages depend on the filter."""


@dataclass(frozen=True, eq=False)
class RawRecording:
    """The channels of an ``mne.io.Raw``; samples are read when they are wanted."""

    raw: mne.io.BaseRaw
    header: Header
    annotations: tuple[Annotation, ...]
    segments: tuple[Segment, ...]
    kept: npt.NDArray[np.bool_] | None

    def read(self, labels: Sequence[str]) -> tuple[DigitalRecording, ...]:
        """The channels with these labels, which have one rate."""
        if not labels:
            return ()
        rows = {}
        for label in labels:
            volts = self.raw.get_data(picks=[self.raw.ch_names.index(label)])[0]
            rows[label] = (volts if self.kept is None else volts[self.kept]) * 1e6
        fs_hz = float(self.raw.info["sfreq"])
        return (microvolt_recording(rows, fs_hz, self.header, self.annotations, self.segments),)


def is_raw(recording: object) -> bool:
    """Whether an object is an ``mne.io.Raw``; MNE is not imported for that."""
    module = sys.modules.get("mne.io")
    return module is not None and isinstance(recording, module.BaseRaw)


def from_raw(raw: mne.io.BaseRaw, start: GivenStart | None = None) -> RawRecording:
    """The recording in an ``mne.io.Raw``; `start` stands in the place of its own.

    Raises
    ------
    psgpipe.errors.RecordingUnreadable
        The Raw was read from a file with gaps, which it does not have.
    """
    path = _path(raw)
    name = NAME if path is None else file_name(path)
    fs_hz = float(raw.info["sfreq"])
    of_file = _header_of_file(path)
    _require_gaps(of_file, raw, name)
    given = start or _start(raw, path)
    annotations = tuple(_annotations(raw))
    kept, segments = _segments(annotations, len(raw.times), fs_hz)
    rates_hz = _rates(of_file, raw.ch_names)
    channels = [_channel(i, raw, fs_hz, rates_hz) for i in range(len(raw.ch_names))]
    n_samples = sum(segment.n_samples for segment in segments)
    if not n_samples:
        raise UsageError(f"{name}: the Raw has no samples outside its gaps", "Give another one.")
    header = header_from(
        name, "Raw", given, channels,
        duration_s=n_samples / fs_hz, span_s=span_of(segments, fs_hz), findings=_of_filters(raw),
    )  # fmt: skip
    origin_s = segments[0].onset_s
    moved = tuple(Segment(s.onset_s - origin_s, s.n_samples) for s in segments)
    notes = tuple(
        Annotation(a.onset_s - origin_s, a.duration_s, a.text) for a in annotations
    )  # fmt: skip
    return RawRecording(raw, _later(header, origin_s), notes, moved, kept)


def _path(raw: mne.io.BaseRaw) -> Path | None:
    names = [name for name in (raw.filenames or ()) if name]
    return Path(names[0]) if names else None


def _header_of_file(path: Path | None) -> Header | None:
    """The header of the EDF file that the Raw was read from, where it is still there."""
    if path is None or path.suffix.lower() not in EDF_SUFFIXES:
        return None
    try:
        return read_header(path)
    except PsgpipeError:
        return None


def _require_gaps(of_file: Header | None, raw: mne.io.BaseRaw, name: str) -> None:
    if of_file is None or of_file.span_s - of_file.duration_s < LEAST_GAP_S:
        return
    raise RecordingUnreadable(
        f"{name}: the file has gaps, and MNE reads it without them: its clock is wrong",
        "Give the path of the file in the place of the Raw: psgpipe reads the gaps.",
    )


def _rates(of_file: Header | None, names: Sequence[str]) -> dict[str, float]:
    """The recorded rate of each channel of the Raw, where its file tells it."""
    if of_file is None:
        return {}
    by_label = {c.label: c.fs_hz for c in of_file.channels if c.fs_hz}
    # Of renamed channels the place tells, if none was dropped.
    in_order = [c.fs_hz for c in of_file.channels] if len(names) == len(of_file.channels) else []
    by_place = dict(zip(names, in_order, strict=False))
    found = {name: by_label.get(name) or by_place.get(name) for name in names}
    return {name: fs_hz for name, fs_hz in found.items() if fs_hz}


def _of_filters(raw: mne.io.BaseRaw) -> tuple[Finding, ...]:
    """A finding where filters, of the amplifier or of MNE, took what the stager needs."""
    low_hz, high_hz = raw.info["highpass"] or 0.0, raw.info["lowpass"] or float("inf")
    if low_hz <= MOST_HIGHPASS_HZ and high_hz >= LEAST_LOWPASS_HZ:
        return ()
    message = (
        f"the Raw holds {low_hz:g} to {high_hz:g} Hz; staging needs {MOST_HIGHPASS_HZ:g} to "
        f"{LEAST_LOWPASS_HZ:g} Hz: give the recording before it is filtered"
    )
    return (Finding("raw-filtered", message, affects="numbers"),)


def _channel(
    index: int, raw: mne.io.BaseRaw, fs_hz: float, rates_hz: Mapping[str, float]
) -> Channel:
    label = raw.ch_names[index]
    is_voltage = int(raw.info["chs"][index]["unit"]) == UNIT_VOLT
    return Channel(
        index=index,
        label=label,
        unit="V" if is_voltage else "other",
        uv_per_unit=1e6 if is_voltage else None,
        fs_hz=fs_hz,
        physical_min=None,
        physical_max=None,
        digital_min=None,
        digital_max=None,
        problem=_problem(label, raw, fs_hz, rates_hz),
    )


def _problem(
    label: str, raw: mne.io.BaseRaw, fs_hz: float, rates_hz: Mapping[str, float]
) -> Finding | None:
    """Why a channel must not be used, or None."""
    if label in raw.info["bads"]:
        return Finding("marked-bad", f"{quoted(label)} is marked as bad in the Raw", label)
    recorded_hz = rates_hz.get(label, fs_hz)
    if recorded_hz < fs_hz:
        return Finding(
            "rate-raised",
            f"{quoted(label)} was recorded at {recorded_hz:g} Hz and MNE raised it to "
            f"{fs_hz:g} Hz: give the path of the file, which psgpipe reads at its own rate",
            label,
        )
    return None


def _start(raw: mne.io.BaseRaw, path: Path | None) -> GivenStart:
    """The local start of the first sample, where the Raw tells it."""
    measured: dt.datetime | None = raw.info["meas_date"]
    if measured is None:
        return GivenStart()
    if path is not None and path.suffix.lower() not in LOCAL_SUFFIXES:
        message = (
            "MNE gives the start of this file as UTC: the local time is not known; "
            "give it as start="
        )
        return GivenStart(findings=(Finding("start-utc", message),))
    first_s = dt.timedelta(seconds=float(raw.first_time))
    return checked_start(measured.replace(tzinfo=None) + first_s)


def _annotations(raw: mne.io.BaseRaw) -> Iterator[Annotation]:
    """The annotations with onsets from the first sample, in time order."""
    notes: Any = raw.annotations
    for onset_s, duration_s, text in sorted(
        zip(notes.onset, notes.duration, notes.description, strict=True), key=lambda note: note[0]
    ):
        yield Annotation(float(onset_s) - raw.first_time, float(duration_s) or None, str(text))


def _segments(
    annotations: Sequence[Annotation], n_samples: int, fs_hz: float
) -> tuple[npt.NDArray[np.bool_] | None, tuple[Segment, ...]]:
    """Which samples were recorded, None for all, and the segments that they make."""
    gaps = [a for a in annotations if a.text.casefold() in GAPS and a.duration_s]
    if not gaps:
        return None, (Segment(0.0, n_samples),)
    kept = np.ones(n_samples, bool)
    for gap in gaps:
        first = max(0, round(gap.onset_s * fs_hz))
        kept[first : max(0, round((gap.onset_s + (gap.duration_s or 0.0)) * fs_hz))] = False
    edges = np.flatnonzero(np.diff(kept, prepend=False, append=False)).reshape(-1, 2)
    return kept, tuple(Segment(float(a) / fs_hz, int(b - a)) for a, b in edges)


def _later(header: Header, seconds: float) -> Header:
    """The header of a recording whose first samples were not recorded."""
    if not seconds or header.start is None:
        return header
    start = header.start + dt.timedelta(seconds=seconds)
    return Header(**{**vars(header), "start": start, "start_clock": start.time()})
