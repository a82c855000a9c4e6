"""Channels of one rate: room for their samples, and the recording that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from psgpipe.edf.channel_selection import Chosen, choose
from psgpipe.edf.findings import Notes
from psgpipe.edf.header import Layout
from psgpipe.edf.samples import Row
from psgpipe.edf.timeline import Timeline
from psgpipe.errors import PsgpipeError, UnsafeFile
from psgpipe.model.digital_recording import Digital, DigitalRecording
from psgpipe.model.header import Annotation, Header
from psgpipe.model.sampled import Segment


class Room(NamedTuple):
    """Where the samples of channels of one rate go, one sink for each, and what is odd of them."""

    chosen: tuple[Chosen, ...]
    digital: Digital
    rows: list[Row]
    notes: Notes


def rooms_ahead(
    name: str, layout: Layout, n_records: int, labels: Sequence[str], units: Mapping[str, str]
) -> list[Room]:
    """Room for channels rate by rate; none where they cannot be read."""
    fs_hz = {s.channel.label: s.channel.fs_hz or 0.0 for s in layout.ordinary_signals}
    by_rate = sorted(labels, key=lambda label: fs_hz.get(label, 0.0))
    try:
        return [
            room_for(name, layout, n_records, list(some), units, Notes())
            for _, some in groupby(by_rate, key=fs_hz.get)
        ]
    except PsgpipeError:
        return []


def room_for(
    name: str,
    layout: Layout,
    n_records: int,
    labels: Sequence[str] | None,
    units: Mapping[str, str],
    notes: Notes,
) -> Room:
    """Room for channels of one rate.

    Raises
    ------
    RecordingUnsuitable, UsageError
        As :func:`psgpipe.edf.channel_selection.choose`.
    UnsafeFile
        They do not fit into memory.
    """
    chosen = choose(name, layout, labels, units, notes)
    n_samples = n_records * chosen[0].signal.n_samples
    dtype = np.dtype(np.int16 if layout.sample_bytes == 2 else np.int32)
    try:
        digital = np.empty((len(chosen), n_samples), dtype)
    except (MemoryError, ValueError) as error:
        raise too_large(name, len(chosen), n_samples, dtype.itemsize) from error
    rows = [
        Row(c.signal.channel, c.scale, c.signal.n_samples, out)
        for c, out in zip(chosen, digital, strict=True)
    ]
    return Room(chosen, digital, rows, notes)


def too_large(name: str, n_channels: int, n_samples: int, n_bytes: int) -> UnsafeFile:
    """The error for samples that memory cannot hold."""
    gib = n_bytes * n_channels * n_samples / 2**30
    return UnsafeFile(
        f"{name}: {n_channels} channels of {n_samples} samples need {gib:.3g} GiB",
        "Ask for fewer channels, or use a machine with more memory.",
    )


def recording_in(
    room: Room,
    header: Header,
    timeline: Timeline,
    annotations: tuple[Annotation, ...],
) -> DigitalRecording:
    """The samples with their place in time, and what they show."""
    chosen = room.chosen
    fs_hz, n_per_record = chosen[0].fs_hz, chosen[0].signal.n_samples
    for row in room.rows:
        row.note(room.notes, fs_hz)
    n_samples = timeline.n_records * n_per_record
    return DigitalRecording(
        rows=tuple(row[:n_samples] for row in room.digital),
        scales=tuple(c.scale for c in chosen),
        labels=tuple(c.signal.channel.label for c in chosen),
        fs_hz=fs_hz,
        start=header.start,
        start_clock=header.start_clock,
        segments=tuple(Segment(s.onset_s, s.n_records * n_per_record) for s in timeline.stretches),
        annotations=annotations,
        findings=room.notes.findings,
        file=header.file,
    )
