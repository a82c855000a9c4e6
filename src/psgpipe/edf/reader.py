"""The reader of EDF, EDF+, BDF and BDF+: headers, annotations, and channels in microvolt.

The header passes a strict pre-flight. Only the wanted channels are read, each at its own rate,
unmodified. ``findings`` say what is odd; an error says what is wrong, and what to do. Nothing is
assumed: not a unit, not a date, not that records follow each other.

Each function raises ``RecordingUnreadable`` where the file cannot be read: ``UnsafeFile``,
``HeaderInvalid``, ``NoData``, ``ReadFailed`` or ``ChangedWhileRead``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from psgpipe.edf.annotations import TalParser, report_outside, shifted
from psgpipe.edf.channel_selection import refuse_two_rates, select_channels
from psgpipe.edf.findings import Findings
from psgpipe.edf.preflight import PreflightResult, refuse_endless, run_preflight
from psgpipe.edf.records import iterate_records
from psgpipe.edf.sample_buffers import (
    SampleBuffer,
    allocate_buffers,
    recording_from,
    too_large,
)
from psgpipe.edf.samples import as_integers
from psgpipe.edf.source import Source, check_end, open_source
from psgpipe.edf.start_time import read_start
from psgpipe.edf.timeline import (
    EXACT_S,
    Timeline,
    build_timeline,
    continuous_timeline,
    first_sample_time,
)
from psgpipe.errors import PsgpipeError
from psgpipe.model.digital_recording import DigitalRecording
from psgpipe.model.header import Annotation, Channel, Header
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.recording import Recording
from psgpipe.montage.channel_labels import kind_of, understand

SHORT_S = 300.0

PathLike = str | os.PathLike[str]


class RecordingContent(NamedTuple):
    """A file read once from front to end.

    Attributes
    ----------
    header, annotations
        As of :func:`read_annotations`.
    recorded
        The channels wanted, one recording for each sampling rate.
    sha256
        Of the file as it lies on the disk; None where it was not asked for.
    """

    header: Header
    annotations: tuple[Annotation, ...]
    recorded: tuple[DigitalRecording, ...]
    sha256: str | None


@dataclass(frozen=True)
class OpenRecording:
    """An open file that has passed the pre-flight; its records have not been read.

    Attributes
    ----------
    channels
        What the header says of each channel; annotation channels are left out.
    """

    channels: tuple[Channel, ...]
    source: Source
    preflight: PreflightResult
    findings: Findings


def read_header(path: PathLike) -> Header:
    """What the file says about itself; no sample is read.

    In EDF+ the time-keeping annotations are read as well: all of them in a discontinuous file,
    else those of the first and the last record, which show a gap that the header hides.

    Parameters
    ----------
    path
        An EDF or BDF file, plain or gzipped; its bytes decide, not its name.
    """
    with open_recording(path) as recording:
        timeline = _quick_timeline(recording)
        check_end(recording.source, recording.findings)
    return _header(recording.preflight, timeline, recording.findings)


def read_annotations(path: PathLike) -> tuple[Header, tuple[Annotation, ...]]:
    """The header and every annotation of an EDF+ or BDF+ file, in time order; no sample is read.

    Time-keeping annotations are left out. Onsets count from ``Header.start``. Files that hold
    annotations only (a scorer's hypnogram) are read, too.
    """
    with open_recording(path) as recording:
        content = read_content(recording)
    return content.header, content.annotations


@contextmanager
def open_recording(path: PathLike) -> Iterator[OpenRecording]:
    """Open a file and say which channels it has; :func:`read_content` then reads some of them."""
    findings = Findings()
    with open_source(path) as source:
        preflight = run_preflight(path, source, findings)
        channels = tuple(s.channel for s in preflight.layout.ordinary_signals)
        yield OpenRecording(channels, source, preflight, findings)


def read_content(
    recording: OpenRecording,
    labels: Sequence[str] = (),
    *,
    units: Mapping[str, str] | None = None,
    hashed: bool = False,
) -> RecordingContent:
    """Header, annotations, the samples of some channels and the file's hash, in one pass.

    Parameters
    ----------
    labels
        The channels to read; they may differ in rate. Where one cannot be read (no such label, no
        unit), no channel is read and no error is raised: the annotations may show a worse one.
    units
        As in :func:`read_recording`.
    hashed
        Whether to compute the hash; without labels it is not computed.
    """
    buffers: list[SampleBuffer] = []
    with suppress(PsgpipeError):
        selected = select_channels(recording.preflight, labels, units or {})
        buffers = allocate_buffers(recording.preflight, selected)
    return _read(recording, buffers, hashed=hashed and bool(labels))


def read_recording(
    path: PathLike,
    labels: Sequence[str] | None = None,
    *,
    units: Mapping[str, str] | None = None,
) -> Recording:
    """Samples of the wanted channels in microvolt, at their own rate, unmodified.

    Parameters
    ----------
    path
        An EDF or BDF file, plain or gzipped.
    labels
        Channels as the file labels them; None means every channel that is a voltage.
    units
        Unit of channels whose unit is blank or unknown, by label, e.g. ``{"C4": "uV"}``.

    Returns
    -------
    Recording
        ``signals_uv`` has shape (n_labels, n_samples); ``kinds`` are those that the labels name.

    Raises
    ------
    RecordingUnsuitable
        ``ChannelMissing`` (absent, or the label stands twice), ``UnitUnknown``, ``ScaleInvalid``
        or ``RatesDiffer``.
    """
    with open_recording(path) as file:
        selected = select_channels(file.preflight, labels, units or {})
        refuse_two_rates(file.preflight.file, selected)
        (digital,) = _read(file, allocate_buffers(file.preflight, selected)).recorded
    kinds = {s.label: kind_of(s) for s in understand(file.channels)}
    try:
        recording = digital.to_recording()
    except MemoryError as error:
        raise too_large(digital.file, len(digital.labels), digital.n_samples, 8) from error
    return replace(recording, kinds=tuple(kinds[label] for label in digital.labels))


def read_digital(
    path: PathLike,
    labels: Sequence[str] | None = None,
    *,
    units: Mapping[str, str] | None = None,
) -> tuple[DigitalRecording, ...]:
    """Samples of the wanted channels as the file's own integers, one recording for each rate.

    Parameters, findings and errors are those of :func:`read_recording`; rates may differ.
    """
    with open_recording(path) as recording:
        selected = select_channels(recording.preflight, labels, units or {})
        return _read(recording, allocate_buffers(recording.preflight, selected)).recorded


def _read(
    recording: OpenRecording, buffers: Sequence[SampleBuffer], *, hashed: bool = False
) -> RecordingContent:
    source, preflight, findings = recording.source, recording.preflight, recording.findings
    if hashed:
        refuse_endless(source, preflight)
        source.hash_on_the_way(preflight.layout.header_bytes)
    tals = _read_records(recording, range(preflight.n_records), buffers)
    sha256 = source.sha256() if hashed else None
    check_end(source, findings)
    timeline = build_timeline(preflight, tals, findings)
    tals.report(findings)
    annotations = shifted(tals.annotations, timeline.offset_s)
    if preflight.layout.ordinary_signals:
        report_outside(annotations, timeline.span_s, findings)
    header = _header(preflight, timeline, findings)
    recorded = tuple(recording_from(buffer, header, timeline, annotations) for buffer in buffers)
    return RecordingContent(header, annotations, recorded, sha256)


def _quick_timeline(recording: OpenRecording) -> Timeline:
    """The timeline from the first and last record alone where these show no gap."""
    preflight, findings = recording.preflight, recording.findings
    layout, n_records = preflight.layout, preflight.n_records
    if layout.annotation_signals and layout.continuity != "D" and layout.record_s:
        first_s, last_s = (
            float(_read_records(recording, range(r, r + 1)).onsets[0]) for r in (0, n_records - 1)
        )
        span_s = float((n_records - 1) * layout.record_s)
        if abs(last_s - first_s - span_s) < EXACT_S:
            return continuous_timeline(preflight, first_s, findings)
    return build_timeline(preflight, _read_records(recording, range(n_records)), findings)


def _read_records(
    recording: OpenRecording, records: range, buffers: Sequence[SampleBuffer] = ()
) -> TalParser:
    """Read the records once: samples into their buffers, annotation bytes into the parser."""
    layout = recording.preflight.layout
    channels = [channel for buffer in buffers for channel in buffer.channels]
    selected = [c.signal for buffer in buffers for c in buffer.selected]
    tals = TalParser(records.start, len(records))
    signals = [*selected, *layout.annotation_signals]
    if not signals:
        return tals
    for position, record, at, piece in iterate_records(recording.source, layout, signals, records):
        if position < len(channels):
            digital = as_integers(piece, layout.sample_bytes)
            channels[position].add(record, at // layout.sample_bytes, digital)
        else:
            tals.add(record, piece)
    tals.finish()
    return tals


def _header(preflight: PreflightResult, timeline: Timeline, findings: Findings) -> Header:
    layout = preflight.layout
    date, clock = read_start(layout.start_fields, findings)
    start, start_clock = first_sample_time(date, clock, timeline.offset_s)
    duration_s = float(timeline.n_records * layout.record_s)
    if layout.ordinary_signals and duration_s <= SHORT_S - 1:
        short = duration_s < EPOCH_S
        what = "less than one 30-s epoch" if short else "too short for reliable staging"
        findings.add("short", f"{duration_s:g} s of recording: {what}")
    return Header(
        file=preflight.file,
        container=layout.container,
        start=start,
        start_clock=start_clock,
        duration_s=duration_s,
        span_s=timeline.span_s,
        channels=tuple(s.channel for s in layout.ordinary_signals),
        findings=findings.as_tuple(),
    )
