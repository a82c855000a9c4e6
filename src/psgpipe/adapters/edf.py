"""Read EDF, EDF+, BDF and BDF+: headers, annotations, and the wanted channels in microvolt.

psgpipe's own reader. The header passes a strict pre-flight; only what was asked for is read, at
its own rate, unmodified; what is odd stands in ``findings``, what is wrong raises an error that
says what to do. Nothing is assumed: not a unit, not a date, not that records follow each other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from psgpipe.adapters import edf_time
from psgpipe.adapters.edf_annotations import Tals, note_outside, shifted
from psgpipe.adapters.edf_channels import Chosen, choose
from psgpipe.adapters.edf_dates import read_start
from psgpipe.adapters.edf_file import Source, file_name, open_source
from psgpipe.adapters.edf_header import Layout, read_layout
from psgpipe.adapters.edf_names import note_file_name, note_labels
from psgpipe.adapters.edf_notes import Notes
from psgpipe.adapters.edf_records import walk
from psgpipe.adapters.edf_samples import Row, as_integers
from psgpipe.adapters.edf_size import count_records
from psgpipe.adapters.edf_time import Timeline
from psgpipe.adapters.labels import kind_of, understand
from psgpipe.errors import UnsafeFile
from psgpipe.model.digital import Digital, DigitalRecording
from psgpipe.model.recording import Annotation, Header, Recording, Segment

SHORT_S = 300.0
EPOCH_S = 30.0

__all__ = ["read_annotations", "read_digital", "read_header", "read_recording"]

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class _Survey:
    """A file after its pre-flight."""

    layout: Layout
    n_records: int


def read_header(path: PathLike) -> Header:
    """What the file says about itself; no sample is read.

    In EDF+ the time-keeping annotations are read as well: all of them in a discontinuous file,
    else those of the first and the last record, which show a gap that the header hides.

    Parameters
    ----------
    path : an EDF or BDF file, plain or gzipped; its bytes decide, not its name.

    Raises
    ------
    RecordingUnreadable
        ``UnsafeFile``, ``HeaderInvalid``, ``NoData``, ``ReadFailed`` or ``ChangedWhileRead``.
    """
    notes = Notes()
    with open_source(path, notes) as source:
        survey = _survey(path, source, notes)
        timeline = _quick_timeline(source, survey, notes)
    return _header(path, survey, timeline, notes)


def read_annotations(path: PathLike) -> tuple[Header, tuple[Annotation, ...]]:
    """The header and every annotation of an EDF+ or BDF+ file, in time order; no sample is read.

    Time-keeping annotations are left out. Onsets count from ``Header.start``. Files that hold
    annotations only (a scorer's hypnogram) are read, too.

    Raises
    ------
    RecordingUnreadable
        As :func:`read_header`.
    """
    notes = Notes()
    with open_source(path, notes) as source:
        survey = _survey(path, source, notes)
        tals = _read_tals(source, survey.layout, 0, survey.n_records)
    timeline = _full_timeline(source, survey, tals, notes)
    annotations = _annotations(tals, timeline, survey, notes)
    return _header(path, survey, timeline, notes), annotations


def read_recording(
    path: PathLike,
    labels: Sequence[str] | None = None,
    *,
    units: Mapping[str, str] | None = None,
) -> Recording:
    """Samples of the wanted channels in microvolt, at their own rate, unmodified.

    Parameters
    ----------
    path : an EDF or BDF file, plain or gzipped.
    labels : channels as the file labels them; None means every channel that is a voltage.
    units : unit of channels whose unit is blank or unknown, by label, e.g. ``{"C4": "uV"}``.

    Returns
    -------
    Recording
        ``signals_uv`` has shape (n_labels, n_samples); gaps stand in ``segments``, everything
        odd in ``findings``, the annotation channels' texts in ``annotations``, and in ``kinds``
        what the labels say that the channels are.

    Raises
    ------
    RecordingUnreadable
        As :func:`read_header`.
    RecordingUnsuitable
        ``ChannelMissing`` (absent, or the label stands twice), ``UnitUnknown``, ``ScaleInvalid``
        or ``RatesDiffer``.
    """
    digital, header = _read_file(path, labels, units or {})
    kinds = {s.label: kind_of(s) for s in understand(header.channels)}
    try:
        recording = digital.to_recording()
    except MemoryError as error:
        raise _too_large(digital.file, len(digital.labels), digital.n_samples, 8) from error
    return replace(recording, kinds=tuple(kinds[label] for label in digital.labels))


def read_digital(
    path: PathLike,
    labels: Sequence[str] | None = None,
    *,
    units: Mapping[str, str] | None = None,
) -> DigitalRecording:
    """Samples of the wanted channels as the file's own integers.

    Parameters, findings and errors are those of :func:`read_recording`.
    """
    digital, _ = _read_file(path, labels, units or {})
    return digital


def _read_file(
    path: PathLike, labels: Sequence[str] | None, units: Mapping[str, str]
) -> tuple[DigitalRecording, Header]:
    notes = Notes()
    with open_source(path, notes) as source:
        survey = _survey(path, source, notes)
        chosen = choose(source.name, survey.layout, labels, units, notes)
        digital, rows = _rows(source, survey, chosen)
        tals = Tals(0, survey.n_records)
        _read(source, survey, rows, chosen, tals)
    timeline = _full_timeline(source, survey, tals, notes)
    annotations = _annotations(tals, timeline, survey, notes)
    header = _header(path, survey, timeline, notes)
    fs_hz = chosen[0].fs_hz
    for row in rows:
        row.note(notes, fs_hz)
    n_per_record = chosen[0].signal.n_samples
    n_samples = timeline.n_records * n_per_record
    digital_recording = DigitalRecording(
        rows=tuple(row[:n_samples] for row in digital),
        scales=tuple(c.scale for c in chosen),
        labels=tuple(c.signal.channel.label for c in chosen),
        fs_hz=fs_hz,
        start=header.start,
        start_clock=header.start_clock,
        segments=tuple(Segment(s.onset_s, s.n_records * n_per_record) for s in timeline.stretches),
        annotations=annotations,
        findings=notes.findings,
        file=header.file,
    )
    return digital_recording, header


def _survey(path: PathLike, source: Source, notes: Notes) -> _Survey:
    layout = read_layout(source, notes)
    n_records = count_records(source, layout, notes)
    note_file_name(path, source, layout, notes)
    note_labels(layout, notes)
    return _Survey(layout, n_records)


def _read_tals(source: Source, layout: Layout, first: int, n_records: int) -> Tals:
    tals = Tals(first, n_records)
    signals = layout.annotation_signals
    if signals:
        for _, record, _, piece in walk(source, layout, signals, first, n_records):
            tals.take(record, piece)
        tals.finish()
    return tals


def _quick_timeline(source: Source, survey: _Survey, notes: Notes) -> Timeline:
    """The timeline from the first and last record alone where these show no gap."""
    layout, n_records = survey.layout, survey.n_records
    if not layout.annotation_signals or layout.continuity == "D" or not layout.record_s:
        return _full_timeline(source, survey, None, notes)
    first_s, last_s = (
        float(_read_tals(source, layout, r, 1).onsets[0]) for r in (0, n_records - 1)
    )
    span_s = float((n_records - 1) * layout.record_s)
    if abs(last_s - first_s - span_s) < edf_time.EXACT_S:
        return edf_time.continuous(layout, n_records, first_s, notes)
    return _full_timeline(source, survey, None, notes)


def _full_timeline(source: Source, survey: _Survey, tals: Tals | None, notes: Notes) -> Timeline:
    """The timeline from every record's time."""
    if tals is None:
        tals = _read_tals(source, survey.layout, 0, survey.n_records)
    return edf_time.lay_out(source.name, survey.layout, survey.n_records, tals, notes)


def _annotations(
    tals: Tals, timeline: Timeline, survey: _Survey, notes: Notes
) -> tuple[Annotation, ...]:
    tals.note(notes)
    annotations = shifted(tals.annotations, timeline.offset_s)
    if survey.layout.ordinary_signals:
        note_outside(annotations, timeline.span_s, notes)
    return annotations


def _rows(source: Source, survey: _Survey, chosen: tuple[Chosen, ...]) -> tuple[Digital, list[Row]]:
    """Room for the samples, and one sink for each channel."""
    n_samples = survey.n_records * chosen[0].signal.n_samples
    dtype = np.dtype(np.int16 if survey.layout.sample_bytes == 2 else np.int32)
    try:
        digital = np.empty((len(chosen), n_samples), dtype)
    except (MemoryError, ValueError) as error:
        raise _too_large(source.name, len(chosen), n_samples, dtype.itemsize) from error
    rows = [
        Row(c.signal.channel, c.scale, c.signal.n_samples, out)
        for c, out in zip(chosen, digital, strict=True)
    ]
    return digital, rows


def _too_large(name: str, n_channels: int, n_samples: int, n_bytes: int) -> UnsafeFile:
    gib = n_bytes * n_channels * n_samples / 2**30
    return UnsafeFile(
        f"{name}: {n_channels} channels of {n_samples} samples need {gib:.3g} GiB",
        "Ask for fewer channels, or use a machine with more memory.",
    )


def _read(
    source: Source, survey: _Survey, rows: list[Row], chosen: tuple[Chosen, ...], tals: Tals
) -> None:
    """One walk through the file: samples into their rows, annotation bytes into `tals`."""
    layout = survey.layout
    signals = [*(c.signal for c in chosen), *layout.annotation_signals]
    for position, record, at, piece in walk(source, layout, signals, 0, survey.n_records):
        if position < len(rows):
            digital = as_integers(piece, layout.sample_bytes)
            rows[position].take(record, at // layout.sample_bytes, digital)
        else:
            tals.take(record, piece)
    tals.finish()


def _header(path: PathLike, survey: _Survey, timeline: Timeline, notes: Notes) -> Header:
    layout = survey.layout
    date, clock = read_start(layout.start_fields, notes)
    start, start_clock = edf_time.first_sample(date, clock, timeline.offset_s)
    duration_s = float(timeline.n_records * layout.record_s)
    _note_short(layout, duration_s, notes)
    return Header(
        file=file_name(path),
        container=layout.container,
        start=start,
        start_clock=start_clock,
        duration_s=duration_s,
        span_s=timeline.span_s,
        channels=tuple(s.channel for s in layout.ordinary_signals),
        findings=notes.findings,
    )


def _note_short(layout: Layout, duration_s: float, notes: Notes) -> None:
    if not layout.ordinary_signals or duration_s > SHORT_S - 1:
        return
    than = "less than one 30-s epoch" if duration_s < EPOCH_S else "too short for reliable staging"
    notes.add("short", f"{duration_s:g} s of recording: {than}")
