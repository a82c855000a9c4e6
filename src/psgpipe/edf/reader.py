"""Read EDF, EDF+, BDF and BDF+: headers, annotations, and the wanted channels in microvolt.

psgpipe's own reader. The header passes a strict pre-flight; only what was asked for is read, at
its own rate, unmodified; what is odd stands in ``findings``, what is wrong raises an error that
says what to do. Nothing is assumed: not a unit, not a date, not that records follow each other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from psgpipe.edf.annotations import Tals, note_outside, shifted
from psgpipe.edf.findings import Notes
from psgpipe.edf.header import Layout, read_layout
from psgpipe.edf.name_checks import note_file_name, note_labels
from psgpipe.edf.record_count import count_records
from psgpipe.edf.records import walk
from psgpipe.edf.sample_buffers import Room, recording_in, room_for, rooms_ahead, too_large
from psgpipe.edf.samples import as_integers
from psgpipe.edf.source import Source, open_source
from psgpipe.edf.start_time import read_start
from psgpipe.edf.timeline import EXACT_S, Timeline, continuous, first_sample, lay_out
from psgpipe.files.regular import file_name
from psgpipe.model.digital_recording import DigitalRecording
from psgpipe.model.header import Annotation, Channel, Header
from psgpipe.model.recording import Recording
from psgpipe.montage.channel_labels import kind_of, understand

SHORT_S = 300.0
EPOCH_S = 30.0

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class _Survey:
    """A file after its pre-flight."""

    layout: Layout
    n_records: int


class NightRead(NamedTuple):
    """What one walk through a file gives.

    Attributes
    ----------
    header, annotations
        As of :func:`read_annotations`.
    recorded
        The channels wanted, one recording for each sampling rate.
    sha256
        Of the file as it lies on the disk; None where it was not worked out.
    """

    header: Header
    annotations: tuple[Annotation, ...]
    recorded: tuple[DigitalRecording, ...]
    sha256: str | None


def read_header(path: PathLike) -> Header:
    """What the file says about itself; no sample is read.

    In EDF+ the time-keeping annotations are read as well: all of them in a discontinuous file,
    else those of the first and the last record, which show a gap that the header hides.

    Parameters
    ----------
    path
        An EDF or BDF file, plain or gzipped; its bytes decide, not its name.

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
    read = read_night(path, lambda _: ())
    return read.header, read.annotations


def read_night(
    path: PathLike,
    wanted: Callable[[tuple[Channel, ...]], Sequence[str]],
    *,
    units: Mapping[str, str] | None = None,
    hashed: bool = False,
) -> NightRead:
    """Header, annotations, the samples of some channels and the file's hash, all in one walk.

    Parameters
    ----------
    wanted
        From the file's channels to the labels of those to read; they may differ in rate. Where they
        cannot be read (no such label, no unit) none is, and it is no error yet: the annotations may
        show a worse one.
    units
        As in :func:`read_recording`.
    hashed
        Whether to work out the hash; it is not if no channel is wanted.

    Raises
    ------
    RecordingUnreadable
        As :func:`read_header`.
    """
    notes = Notes()
    with open_source(path, notes) as source:
        survey = _survey(path, source, notes)
        labels = wanted(tuple(s.channel for s in survey.layout.ordinary_signals))
        hashed = hashed and bool(labels)
        if hashed:
            source.hash_on_the_way(survey.layout.header_bytes)
        rooms = rooms_ahead(source.name, survey.layout, survey.n_records, labels, units or {})
        tals = _read(source, survey, rooms)
        sha256 = source.sha256() if hashed else None
    timeline = _full_timeline(source, survey, tals, notes)
    annotations = _annotations(tals, timeline, survey, notes)
    header = _header(path, survey, timeline, notes)
    for room in rooms:
        room.notes.extend(header.findings)
    recorded = tuple(recording_in(room, header, timeline, annotations) for room in rooms)
    return NightRead(header, annotations, recorded, sha256)


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
        raise too_large(digital.file, len(digital.labels), digital.n_samples, 8) from error
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
        room = room_for(source.name, survey.layout, survey.n_records, labels, units, notes)
        tals = _read(source, survey, [room])
    timeline = _full_timeline(source, survey, tals, notes)
    annotations = _annotations(tals, timeline, survey, notes)
    header = _header(path, survey, timeline, notes)
    return recording_in(room, header, timeline, annotations), header


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
    if abs(last_s - first_s - span_s) < EXACT_S:
        return continuous(layout, n_records, first_s, notes)
    return _full_timeline(source, survey, None, notes)


def _full_timeline(source: Source, survey: _Survey, tals: Tals | None, notes: Notes) -> Timeline:
    """The timeline from every record's time."""
    if tals is None:
        tals = _read_tals(source, survey.layout, 0, survey.n_records)
    return lay_out(source.name, survey.layout, survey.n_records, tals, notes)


def _annotations(
    tals: Tals, timeline: Timeline, survey: _Survey, notes: Notes
) -> tuple[Annotation, ...]:
    tals.note(notes)
    annotations = shifted(tals.annotations, timeline.offset_s)
    if survey.layout.ordinary_signals:
        note_outside(annotations, timeline.span_s, notes)
    return annotations


def _read(source: Source, survey: _Survey, rooms: Sequence[Room]) -> Tals:
    """One walk through the file: samples into their rows, annotation bytes parsed."""
    layout = survey.layout
    rows = [row for room in rooms for row in room.rows]
    chosen = [c.signal for room in rooms for c in room.chosen]
    tals, signals = Tals(0, survey.n_records), [*chosen, *layout.annotation_signals]
    if not signals:
        return tals
    for position, record, at, piece in walk(source, layout, signals, 0, survey.n_records):
        if position < len(rows):
            digital = as_integers(piece, layout.sample_bytes)
            rows[position].take(record, at // layout.sample_bytes, digital)
        else:
            tals.take(record, piece)
    tals.finish()
    return tals


def _header(path: PathLike, survey: _Survey, timeline: Timeline, notes: Notes) -> Header:
    layout = survey.layout
    date, clock = read_start(layout.start_fields, notes)
    start, start_clock = first_sample(date, clock, timeline.offset_s)
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
